// A project of examples/ as its reader has it: copied, with the packed package, started by its own command.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { buildAppServer, control, EXAMPLE_KEY, startAppServer } from "../../../scripts/lib/app-server.mjs";
import { launchChrome } from "../../../scripts/lib/chrome.mjs";
import { root } from "../../../scripts/lib/run.mjs";
import { here, installFrom } from "./project.mjs";

/** Holds every project; what is installed in it is found by all of them. */
const folder = join(root, ".cache/examples");

/** Installs what the examples need, together, and starts a browser. */
export async function openExamples() {
  await buildAppServer();
  await installFrom(join(here, "examples"), folder);
  // Vite serves no file from outside the project, which this makes of all of them.
  await writeFile(join(folder, "pnpm-workspace.yaml"), "");
  return launchChrome();
}

/** What somebody who tried an example has left in it. */
const LEFT = /\/(node_modules|\.next|dist|package-lock\.json)$/;

/** Copies the example `name`, into a folder of the name `as`; resolves with that folder. */
export async function copied(name, as = name) {
  const made = join(folder, as);
  await rm(made, { recursive: true, force: true });
  await cp(join(root, "examples", name), made, { recursive: true, filter: (source) => !LEFT.test(source) });
  return made;
}

/** Makes a project `name` of files, path → text; resolves with its folder. */
export async function written(name, files) {
  const made = join(folder, name);
  await rm(made, { recursive: true, force: true });
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(made, file)), { recursive: true });
    await writeFile(join(made, file), text);
  }
  return made;
}

/** For how long a page is waited for, ms: it is built while it is loaded, four at a time and beside other suites. */
const PATIENCE = 90_000;

/**
 * Runs `npm start` in the folder `made`, beside an AppServer and a cloud of its own, and calls `act` with its page.
 *
 * @param settings - the cloud's, from the beginning.
 */
export async function visit(browser, made, settings, act) {
  const server = await startAppServer({ env: { UPLOAD_TOKEN_LOCAL_ACCESS_KEY: EXAMPLE_KEY } });
  const files = await mkdtemp(join(tmpdir(), "upload-token-"));
  let site;
  let context;
  let page;
  try {
    await control(server.http, "POST", "config", settings);
    site = await serve(made, server.http);
    context = await browser.newContext();
    context.setDefaultTimeout(PATIENCE);
    page = new Visit(server.http, await context.newPage(), files);
    await page.open(site.url);
    await act(page);
    assert.deepEqual(page.wrong, []);
  } catch (cause) {
    throw page ? new Error(`${cause.message}\n${await page.shown()}`, { cause }) : cause;
  } finally {
    await context?.close();
    await site?.stop();
    await server.stop();
    await rm(files, { recursive: true });
  }
}

/** Starts the project in `made`; resolves with its address, and a function that ends it. */
async function serve(made, appServer) {
  const port = String(await freePort());
  const url = `http://127.0.0.1:${port}/`;
  const { scripts } = JSON.parse(await readFile(join(made, "package.json"), "utf8"));
  // The others know the variable PORT.
  const args = /\bvite( preview)?$/.test(scripts.start) ? ["--", "--port", port, "--strictPort"] : [];
  const env = {
    ...process.env,
    PORT: port,
    APP_SERVER: appServer,
    LOCAL_CLOUD: appServer,
    STS_ENDPOINT: `${appServer}/__cloud/sts.aliyuncs.com/`,
    NEXT_TELEMETRY_DISABLED: "1",
  };
  // A group of its own: npm does not end what it started.
  const child = spawn("npm", ["start", "--silent", ...args], { cwd: made, env, detached: true });
  const ended = once(child, "close");
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
  const kill = () => {
    try {
      process.kill(-child.pid, "SIGTERM");
    } catch {
      // It has ended by itself.
    }
  };
  process.once("exit", kill);
  const stop = async () => {
    kill();
    await ended;
    process.off("exit", kill);
  };
  for (let tries = 0; tries < 600 && child.exitCode === null; tries++) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return { url, stop };
    await new Promise((done) => setTimeout(done, 100));
  }
  await stop();
  throw new Error(`nothing answers at ${url}: ${output}`);
}

async function freePort() {
  const listening = createServer().listen(0, "127.0.0.1");
  await once(listening, "listening");
  const { port } = listening.address();
  listening.close();
  await once(listening, "close");
  return port;
}

/** The page of a project, used as a person uses it. */
class Visit {
  /** Errors that nobody caught. */
  wrong = [];
  /** The console's errors, and when the page was loaded. */
  told = [];

  /** @param files - Folder of what is chosen: a browser reads it from there, and need not be handed its bytes. */
  constructor(http, page, files) {
    this.http = http;
    this.page = page;
    this.files = files;
    page.on("pageerror", ({ message }) => this.wrong.push(message));
    page.on("load", () => this.told.push("the page was loaded"));
    page.on("console", (message) => message.type() === "error" && this.told.push(message.text()));
  }

  async open(url) {
    await this.page.addInitScript(countHeld);
    await this.page.goto(url);
    await this.page.waitForFunction(() => navigator.serviceWorker.controller);
  }

  cloud(method, path, body) {
    return control(this.http, method, path, body);
  }

  /** Chooses a file of `size` bytes; resolves with its digest. */
  async choose(size) {
    const bytes = randomBytes(size);
    const path = join(this.files, "a.mp4");
    await writeFile(path, bytes);
    await this.page.setInputFiles("input", path);
    return createHash("sha256").update(bytes).digest("hex");
  }

  /** What there is to see of it, for whoever reads why it failed. */
  async shown() {
    const text = await this.page.innerText("body", { timeout: 5_000 }).catch(String);
    return [`the page shows: ${text}`, ...this.wrong, ...this.told].join("\n");
  }

  /** The digests of what the cloud has. */
  async stored() {
    return (await this.cloud("GET", "objects")).map(({ sha256 }) => sha256);
  }
}

/** In the page: `held()` tells how many listeners of it and channels to other tabs there are. */
function countHeld() {
  let held = 0;
  for (const target of [window, document]) {
    const listeners = new Map();
    const of = (type) => listeners.get(type) ?? listeners.set(type, new Set()).get(type);
    const { addEventListener, removeEventListener } = target;
    target.addEventListener = function (type, listener, ...rest) {
      if (!of(type).has(listener)) held += 1;
      of(type).add(listener);
      return addEventListener.call(this, type, listener, ...rest);
    };
    target.removeEventListener = function (type, listener, ...rest) {
      if (of(type).delete(listener)) held -= 1;
      return removeEventListener.call(this, type, listener, ...rest);
    };
  }
  globalThis.BroadcastChannel = class extends BroadcastChannel {
    constructor(name) {
      super(name);
      held += 1;
    }
    close() {
      held -= 1;
      super.close();
    }
  };
  globalThis.held = () => held;
}
