// The files in appserver/deploy, with a real nginx in front of two AppServers.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer, request as forward } from "node:http";
import https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { accessKey, roleArn, startCloud } from "../../localcloud/tests/cloud.mjs";
import { startProgram } from "../../scripts/lib/app-server.mjs";
import { ensureNginx } from "../../scripts/lib/daemons.mjs";
import { root, run } from "../../scripts/lib/run.mjs";
import { freePort, makeCertificate } from "./loopback.mjs";

const PROXY_SECRET = "a-secret-of-the-proxy-0123456789abcdef";
const deploy = (name) => readFile(join(root, "appserver/deploy", name), "utf8");
const instances = [];
/** What has reached the second instance: the headers of each request. */
const reached = [];
let cloud, folder, login, recorder, nginx, origin, ca;

before(async () => {
  cloud = await startCloud();
  folder = await mkdtemp(join(tmpdir(), "deploy-"));
  const programs = await ensureNginx();
  await makeCertificate(programs.openssl, folder, "www.example.com");
  ca = await readFile(join(folder, "ca.pem"));
  login = await startLogin();
  const port = await freePort();
  origin = `https://127.0.0.1:${port}`;
  const env = await environment();
  for (let number = 0; number < 2; number++) instances.push(await startProgram(["--listen", "127.0.0.1:0"], { env }));
  recorder = await startRecorder(instances[1].http);
  nginx = await startNginx(programs.nginx, port);
});
after(async () => {
  await nginx?.stop();
  await Promise.all(instances.map((instance) => instance.stop()));
  login?.close();
  recorder?.close();
  await cloud?.stop();
  await rm(folder, { recursive: true });
});

/** `text` with each of `replaced` in place of what stands there once. */
function adapted(text, replaced) {
  return replaced.reduce((text, [yours, ours]) => {
    assert.equal(text.split(yours).length, 2, `${yours} stands there once`);
    return text.replace(yours, () => ours);
  }, text);
}

/** The shipped environment, with the secrets in files of this test and the cloud on this machine. */
async function environment() {
  const secret = async (name, text) => {
    await writeFile(join(folder, name), `${text}\n`);
    return [`/etc/upload-token/${name}`, join(folder, name)];
  };
  const file = adapted(await deploy("upload-token.env"), [
    ["LTAI5tReplaceThisByYours", accessKey.id],
    ["acs:ram::1234567890123456:role/web-upload", roleArn],
    ["https://www.example.com", `https://www.example.com,${origin}`],
    await secret("access-key-secret", accessKey.secret),
    await secret("ticket-keys", "0123456789abcdef0123456789abcdef"),
    await secret("proxy-secret", PROXY_SECRET),
  ]);
  const lines = file.split("\n").filter((line) => line && !line.startsWith("#"));
  const shipped = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
  return {
    ...shipped,
    UPLOAD_TOKEN_ALLOWED_ORIGINS: "https://other.example",
    UPLOAD_TOKEN_ENDPOINTS: "sts,upload-auth",
    UPLOAD_TOKEN_REQUESTS_PER_MINUTE: "1000",
    UPLOAD_TOKEN_STS_ENDPOINT: cloud.sts,
    UPLOAD_TOKEN_VOD_ENDPOINT: `http://127.0.0.1:${cloud.port}/__cloud/vod.cn-shanghai.aliyuncs.com`,
  };
}

/** The site's own session check: carol is of a group. */
function startLogin() {
  return listen((request, response) => {
    const user = /\bsession=(\w+)/.exec(request.headers.cookie ?? "")?.[1];
    const groups = user === "carol" ? { "X-Groups": "staff" } : {};
    response.writeHead(user ? 204 : 401, user ? { "X-User": user, ...groups } : {}).end();
  });
}

/** Writes down what nginx sends to `instance`. */
function startRecorder(instance) {
  return listen((request, response) => {
    reached.push(request.headers);
    const onward = forward(instance + request.url, { method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward.on("error", () => response.destroy()));
  });
}

function listen(answer) {
  const server = createServer(answer);
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

async function startNginx(program, port) {
  const first = new URL(instances[0].http).host;
  const second = `127.0.0.1:${recorder.address().port}`;
  const site = adapted(await deploy("nginx.conf"), [
    ["listen 443 ssl", `listen 127.0.0.1:${port} ssl`],
    ["/etc/nginx/tls/www.example.com.pem", join(folder, "cert.pem")],
    ["/etc/nginx/tls/www.example.com.key", join(folder, "key.pem")],
    ["/etc/nginx/upload-token-secret.conf", join(folder, "secret.conf")],
    ["http://127.0.0.1:3000", `http://127.0.0.1:${login.address().port}`],
    ["server 127.0.0.1:8787", `server ${first}`],
    ["server 127.0.0.1:8788", `server ${second}`],
  ]);
  await writeFile(join(folder, "site.conf"), site);
  await writeFile(join(folder, "secret.conf"), `proxy_set_header X-Proxy-Secret "${PROXY_SECRET}";\n`);
  const places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  const temporary = places.map((name) => `${name}_temp_path ${join(folder, name)};`).join("\n");
  // As root its workers would be somebody who may not read this folder.
  const user = process.getuid() === 0 ? "user root;" : "";
  const main = `daemon off; ${user} worker_processes 1; pid ${join(folder, "nginx.pid")}; error_log stderr;
    events {} http { access_log off; ${temporary} include ${join(folder, "site.conf")}; }`;
  await writeFile(join(folder, "nginx.conf"), main);
  const child = spawn(program, ["-p", folder, "-c", join(folder, "nginx.conf")], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (text) => (said += text));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.once("exit", (code) => code && console.error(said));
  const stop = () => {
    child.kill("SIGTERM");
    return ended;
  };
  for (let looks = 0; looks < 1200 && child.exitCode === null; looks++) {
    if (await ask("/").catch(() => undefined)) return { stop };
    await sleep(25);
  }
  throw new Error(`nginx does not answer\n${said}`);
}

function ask(path, { method = "POST", headers = {}, body = "" } = {}) {
  return new Promise((resolve, reject) => {
    const request = https.request(origin + path, { method, headers, ca, agent: false }, async (response) => {
      const text = Buffer.concat(await response.toArray()).toString();
      resolve({ status: response.statusCode, headers: response.headers, text });
    });
    request.once("error", reject).end(body);
  });
}

const alice = { cookie: "session=alice" };

describe("nginx.conf", () => {
  it("keeps the contract", async () => {
    const env = { NODE_EXTRA_CA_CERTS: join(folder, "ca.pem") };
    const command = [join(root, "scripts/contract.mjs"), origin, "--header", "cookie: session=alice"];
    const { code, output } = await run(process.execPath, command, { env, check: false });
    assert.equal(code, 0, output);
  });

  it("lets nobody name a user, or know the proxy's secret", async () => {
    const made = { "x-user": "alice", "x-proxy-secret": PROXY_SECRET };
    const { status, headers, text } = await ask("/api/upload-auth", { headers: made });
    assert.deepEqual([status, headers["cache-control"], JSON.parse(text).ErrorCode], [401, "no-store", "NotSignedIn"]);
    const { text: video } = await ask("/api/upload-auth", { headers: alice, body: '{"fileName":"a.mp4"}' });
    const { videoId, ticket } = JSON.parse(video);
    const theft = {
      headers: { cookie: "session=mallory", "x-user": "alice" },
      body: JSON.stringify({ videoId, ticket }),
    };
    assert.equal((await ask("/api/upload-auth", theft)).status, 404);
    const past = await fetch(`${instances[0].http}/api/sts`, { method: "POST", headers: { "x-user": "alice" } });
    assert.equal(past.status, 401, "whoever reaches the server past the proxy is nobody");
  });

  it("passes on what the server looks at, and nothing else from outside", async () => {
    const stolen = {
      "x-user": "alice",
      "x-groups": "staff",
      "x-proxy-secret": PROXY_SECRET,
      "x-upload-user": "alice",
      "remote-groups": "staff",
      "x-forwarded-for": "203.0.113.7",
    };
    const passed = async (method, headers) => {
      const before = reached.length;
      while (reached.length === before) {
        await ask("/api/upload-auth", {
          method,
          headers: { ...stolen, origin, "sec-fetch-site": "same-origin", ...headers },
        });
      }
      const at = reached.at(-1);
      return [
        at["x-user"],
        at["x-groups"],
        at["x-proxy-secret"],
        at["x-upload-user"],
        at["remote-groups"],
        at["x-forwarded-for"],
      ];
    };
    const none = undefined;
    assert.deepEqual(await passed("POST", alice), ["alice", none, PROXY_SECRET, none, none, "127.0.0.1"]);
    assert.deepEqual(await passed("POST", { cookie: "session=carol" }), [
      ...["carol", "staff", PROXY_SECRET, none, none],
      "127.0.0.1",
    ]);
    assert.deepEqual(await passed("OPTIONS", {}), [none, none, none, none, none, "127.0.0.1"]);
  });

  it("serves the pages of a site on a port of its own", async () => {
    const page = { ...alice, origin, "sec-fetch-site": "same-origin" };
    const { status, text } = await ask("/api/upload-auth", { headers: page, body: '{"fileName":"a.mp4"}' });
    assert.equal(status, 200, text);
  });

  it("lets preflights of listed origins through, and no others", async () => {
    const preflight = (origin) => ask("/api/upload-auth", { method: "OPTIONS", headers: { origin } });
    const listed = await preflight("https://other.example");
    assert.deepEqual([listed.status, listed.headers["access-control-allow-origin"]], [204, "https://other.example"]);
    assert.equal((await preflight("https://evil.example")).headers["access-control-allow-origin"], undefined);
  });

  it("shows nothing else of the server", async () => {
    for (const path of ["/healthz", "/readyz", "/metrics", "/login-check", "/api/other"]) {
      assert.equal((await ask(path, { method: "GET", headers: alice })).status, 404, path);
    }
  });

  it("renews an upload at the other instance when one has died", async () => {
    const { text } = await ask("/api/upload-auth", { headers: alice, body: '{"fileName":"a.mp4"}' });
    let video = JSON.parse(text);
    await instances[0].kill();
    for (let number = 0; number < 4; number++) {
      const body = JSON.stringify({ videoId: video.videoId, ticket: video.ticket });
      const { status, text } = await ask("/api/upload-auth", { headers: alice, body });
      assert.equal(status, 200, text);
      video = JSON.parse(text);
    }
  });
});

describe("Caddyfile", () => {
  it("takes each header that it copies from the session check away from what comes from outside", async () => {
    const lines = (await deploy("Caddyfile")).split("\n").map((line) => line.trim());
    const copied = lines
      .find((line) => line.startsWith("copy_headers"))
      .split(/\s+/)
      .slice(1);
    assert.deepEqual(copied, ["X-User", "X-Groups"]);
    const asks = lines.findIndex((line) => line.startsWith("forward_auth"));
    for (const name of copied) {
      const removed = lines.indexOf(`request_header -${name}`);
      assert.ok(removed >= 0 && removed < asks, name);
    }
  });
});

describe("upload-token.service", () => {
  it("has a place for the socket that the files and docs name, and lets its group connect", async () => {
    const unit = await deploy("upload-token.service");
    const setting = (name) => new RegExp(`^${name}=(.*)$`, "m").exec(unit)[1];
    const place = `/run/${setting("RuntimeDirectory")}/`;
    const docs = await readFile(join(root, "docs/appserver.md"), "utf8");
    for (const text of [unit, docs, await deploy("nginx.conf")]) {
      const [, socket] = /[^+]unix:(\/[\w/.-]+)/.exec(text);
      assert.ok(socket.startsWith(place), socket);
    }
    const socket = join(folder, "http.sock");
    const env = await environment();
    const before = process.umask(Number.parseInt(setting("UMask"), 8));
    const started = startProgram(["--listen", `unix:${socket}`], { env });
    const instance = await started.finally(() => process.umask(before));
    const { mode } = await stat(socket);
    await instance.stop();
    assert.equal(mode & 0o777, 0o770);
  });
});
