// The AppServer as a child process: builds it, starts it, knows its addresses, ends it.
import { spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

import { Failure, root, run, say } from "./run.mjs";

const binary = (profile) =>
  join(resolve(root, process.env.CARGO_TARGET_DIR ?? "target"), profile, "upload-token-appserver");

/**
 * The key of the local cloud that `npm start` runs, `ID:SECRET`: for AppServers beside the demo's, such as
 * `examples/node-appserver`. Without one it makes up a key that nobody is told.
 */
export const EXAMPLE_KEY = "KeyOfTheLocalCloud:KnownToEverybody";

/** Builds the AppServer, and the local cloud as a program of its own; quick when nothing has changed. `npm test` has done so, and cargo would wait for its other builds. */
export async function buildAppServer() {
  if (process.env.SERVERS_ARE_BUILT) return;
  say("appserver  cargo build");
  await run("cargo", ["build", "--locked", "--package", "upload-token-appserver"]);
}

/**
 * Starts the AppServer with the local cloud in the same process.
 *
 * Resolves when it accepts connections, with `{ http, https, ended, stop }`: its addresses, a promise of
 * its exit code, and a function that ends it and resolves when it is gone.
 *
 * @param options.listen - Loopback address and port; port 0 takes a free one.
 * @param options.env - Variables beside those of this process.
 * @param options.onLog - Called with each line of its log (no secrets in it). Without it the log is dropped.
 */
export async function startAppServer({ listen = "127.0.0.1:0", www = "www", args = [], env, onLog } = {}) {
  // Its own cache would hand out tokens with half of a life of seconds gone.
  const own = ["--local-cloud", "--no-token-cache", "--listen", listen, "--www", www, "--dist", "dist", ...args];
  return startProgram(own, { env, onLog });
}

/**
 * The same program with flags of the caller's own; `kill` ends it without a farewell, `metrics` is where it tells them.
 *
 * @param options.profile - `debug`, as {@link buildAppServer} builds it, or `release`.
 * @param options.log - Where its log goes if nobody reads it: "ignore", or a file descriptor.
 */
export async function startProgram(flags, { env, onLog, profile = "debug", log = "pipe" } = {}) {
  const child = spawn(binary(profile), flags, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", log],
  });
  const ended = new Promise((settle) => {
    child.once("error", () => settle(-1));
    child.once("exit", (code, signal) => settle(code ?? (signal ? 0 : -1)));
  });
  const last = [];
  if (child.stderr) {
    createInterface({ input: child.stderr }).on("line", (line) => {
      last.push(line);
      if (last.length > 20) last.shift();
      onLog?.(line);
    });
  }
  const listening = new Promise((settle) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.startsWith("{") && line.includes('"listening"')) settle(JSON.parse(line));
    });
  });
  const stop = () => {
    child.kill("SIGTERM");
    return ended;
  };
  const abandon = () => child.kill("SIGTERM");
  process.once("exit", abandon);
  ended.then(() => process.off("exit", abandon));
  const first = await Promise.race([listening, ended]);
  if (typeof first === "number") throw new Failure(`the AppServer did not start\n${last.join("\n")}`);
  const kill = () => {
    child.kill("SIGKILL");
    return ended;
  };
  return { http: first.http, https: first.https, metrics: first.metrics, pid: child.pid, ended, stop, kill };
}

/** One call of the local cloud's control interface; resolves with the answer's JSON, if it has any. */
export async function control(http, method, path, body) {
  const init = { method, headers: { "content-type": "application/json" } };
  if (body !== undefined) init.body = JSON.stringify(body);
  const response = await fetch(`${http}/__control/${path}`, init);
  const text = await response.text();
  if (!response.ok) throw new Failure(`${method} /__control/${path} answered ${response.status}: ${text}`);
  return text === "" ? undefined : JSON.parse(text);
}
