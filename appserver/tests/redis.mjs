// A Redis or Valkey of a test's own, on loopback, which keeps nothing.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { ensureRedis } from "../../scripts/lib/daemons.mjs";
import { freePort, makeCertificate } from "./loopback.mjs";

/**
 * Starts one. With `tls` it has a certificate of its own CA; with `user`, `{ name, password, rights }`, it serves only that one.
 *
 * @returns `{ url, ca, ask, kill, start, stop }`: where it is; the file of the CA; a function that asks it for anything;
 *   its end without a farewell, after which all is lost; and another one in its place
 */
export async function startRedis({ tls = false, user } = {}) {
  const { redis, openssl } = await ensureRedis();
  const folder = await mkdtemp(join(tmpdir(), "redis-"));
  const port = await freePort();
  const options = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder];
  const own = (name) => join(folder, name);
  if (tls) {
    await makeCertificate(openssl, folder);
    options.push("--port", "0", "--tls-port", String(port), "--tls-auth-clients", "no");
    options.push(
      "--tls-cert-file",
      own("cert.pem"),
      "--tls-key-file",
      own("key.pem"),
      "--tls-ca-cert-file",
      own("ca.pem"),
    );
  } else {
    options.push("--port", String(port));
  }
  if (user) options.push("--user", "default", "off", "--user", user.name, "on", `>${user.password}`, ...user.rights);

  let child;
  let ended;
  const start = async () => {
    child = spawn(redis, options, { argv0: "redis-server", stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += text));
    ended = new Promise((resolve) => child.once("exit", () => resolve(true)));
    const there = async () => {
      while (!/Ready to accept connections/.test(said)) await sleep(10);
      return false;
    };
    if (await Promise.race([ended, there()])) throw new Error(`Redis did not start\n${said}`);
  };
  const kill = () => {
    child.kill("SIGKILL");
    return ended;
  };
  await start();
  return {
    url: `${tls ? "rediss" : "redis"}://${user ? `${user.name}:${user.password}@` : ""}127.0.0.1:${port}/0`,
    ca: tls ? own("ca.pem") : undefined,
    ask: (...words) => ask(port, words),
    kill,
    start,
    async stop() {
      await kill();
      await rm(folder, { recursive: true });
    },
  };
}

/**
 * A way to the Redis at `url` on which some words are late: what a client says from the first words on of which `isLate`
 * is true, even if it has given up by then.
 *
 * @returns `{ url, release, stop }`: the Redis as one sees it from there; what lets the late words pass, and resolves with
 *   the first answer to them
 */
export async function startSlowWay(url, isLate) {
  let letPass;
  let answered;
  const released = new Promise((resolve) => (letPass = resolve));
  const answer = new Promise((resolve) => (answered = resolve));
  const sockets = new Set();
  const server = createServer((near) => {
    const far = connect(Number(new URL(url).port), "127.0.0.1");
    for (const socket of [near, far]) sockets.add(socket.on("error", () => socket.destroy()));
    let late = false;
    let passed = Promise.resolve();
    near.on("data", (bytes) => {
      late ||= isLate(bytes.toString("latin1"));
      if (late) passed = passed.then(() => released);
      passed = passed.then(() => far.write(bytes));
    });
    far.on("data", (bytes) => {
      if (late) answered(bytes.toString("latin1"));
      near.write(bytes);
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `redis://127.0.0.1:${server.address().port}/0`,
    release() {
      letPass();
      return answer;
    },
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** The raw answer to a command. */
function ask(port, words) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    const answer = [];
    socket.once("error", reject);
    socket
      .on("data", (bytes) => answer.push(bytes))
      .once("close", () => resolve(Buffer.concat(answer).toString("latin1")));
    const command = (words) => `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`;
    socket.end(command(words) + command(["QUIT"]));
  });
}
