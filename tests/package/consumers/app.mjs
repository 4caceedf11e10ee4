// The site that the projects' pages are on, and a browser that visits it.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { cp, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { buildAppServer, control, startAppServer } from "../../../scripts/lib/app-server.mjs";
import { launchChrome } from "../../../scripts/lib/chrome.mjs";
import { folder, www } from "./project.mjs";

export const ORIGIN = "https://app.test";

/** Starts an AppServer that serves `www`, with the local cloud behind it, and a browser; `close()` ends both. */
export async function openApp() {
  await buildAppServer();
  await cp(join(folder, "node_modules/upload-token"), join(www, "pkg"), { recursive: true });
  await writeFile(join(www, "alias.js"), 'window["ali-oss"] = window.OSS;\n');
  const server = await startAppServer({ www, args: ["--listen-tls", "127.0.0.1:0"] });
  const { host } = new URL(server.https);
  const rules = `--host-resolver-rules=MAP * ${host}, EXCLUDE 127.0.0.1`;
  const browser = await launchChrome({ args: [rules, "--ignore-certificate-errors", "--disable-quic"] });
  return new App(server, browser);
}

class App {
  constructor(server, browser) {
    this.http = server.http;
    this.close = async () => {
      await browser.close();
      await server.stop();
    };
    this.browser = browser;
  }

  /** Forgets what was stored and which faults were set. */
  reset() {
    return control(this.http, "POST", "reset");
  }

  /** Opens `url`, calls `act(page)`, and fails if anything went wrong that a reader of the console would see. */
  async visit(url, act) {
    await this.reset();
    const context = await this.browser.newContext({ ignoreHTTPSErrors: true });
    const errors = [];
    const modules = [];
    try {
      const page = await context.newPage();
      page.on("pageerror", ({ message }) => errors.push(message));
      page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
      page.on("response", (response) => /\.wasm(\?|$)/.test(response.url()) && modules.push(response));
      await page.addInitScript(() => {
        const { compileStreaming } = WebAssembly;
        globalThis.streamed = 0;
        WebAssembly.compileStreaming = (...args) => (globalThis.streamed++, compileStreaming.apply(WebAssembly, args));
      });
      await page.goto(url);
      const result = await act(page);
      assert.deepEqual(errors, []);
      return { result, modules, streamed: await page.evaluate(() => globalThis.streamed) };
    } finally {
      await context.close();
    }
  }

  /** Whether the cloud has an object of these bytes. */
  async stored(bytes) {
    const objects = await control(this.http, "GET", "objects");
    return objects.some(({ sha256 }) => sha256 === createHash("sha256").update(bytes).digest("hex"));
  }

  /** A page that has everything: a token, an upload through each of the vendor's clients. */
  async uploads(url) {
    const [film, text] = [randomBytes(150_000), randomBytes(1000)];
    return this.visit(url, async (page) => {
      assert.match(await call(page, "token"), /^STS\./);
      assert.equal(await call(page, "uploadVod", film), "stored");
      assert(await this.stored(film), "the film's bytes");
      assert.equal(await call(page, "uploadOss", text), 200);
      assert(await this.stored(text), "the object's bytes");
    });
  }
}

/** Calls a global function of the page, once there is one. */
export const call = (page, name, bytes) =>
  page
    .waitForFunction((name) => name in globalThis, name, { timeout: 15_000 })
    .then(() =>
      page.evaluate(([name, bytes]) => globalThis[name](bytes && new Uint8Array(bytes)), [name, bytes && [...bytes]]),
    );
