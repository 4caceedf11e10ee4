// `npm test -- consumers` runs this folder.
//
// The packed package in projects of its users: each is built, loaded, gets a token and uploads once.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createContext, runInContext } from "node:vm";

import { call, openApp, ORIGIN } from "./app.mjs";
import { BUNDLERS } from "./bundlers.mjs";
import { folder, here, html, install, project, require, www } from "./project.mjs";

/** The default entry works everywhere, the other where a bundler copies the file that a module names. */
const ENTRIES = { "upload-token": Object.keys(BUNDLERS), "upload-token/wasm": ["webpack", "rspack"] };
/** Addresses of the package's entries where nothing bundles: what a server of static files has. */
const PLAIN = { "upload-token": "/pkg/dist/index.js", "upload-token/wasm": "/pkg/dist/wasm.js" };

let app;

before(async () => {
  await install();
  app = await openApp();
});

after(() => app?.close());

for (const [entry, names] of Object.entries(ENTRIES)) {
  for (const name of names) {
    test(`${name}: ${entry}`, { timeout: 120_000 }, async () => {
      const site = `${name}-${entry.replace("/", "-")}`;
      const made = await project(site, entry, ["page.js"]);
      const out = join(www, site);
      await mkdir(out, { recursive: true });
      await BUNDLERS[name](made, out, site);
      const { modules, streamed } = await app.uploads(`${ORIGIN}/${site}/index.html`);
      const separate = entry === "upload-token/wasm" ? 1 : 0;
      assert.deepEqual(
        [modules.length, streamed],
        [separate, separate],
        "requests of a .wasm, and how it was compiled",
      );
    });
  }
}

test("parcel, without a setting, which then knows no exports", { timeout: 120_000 }, async () => {
  const site = "parcel-alone";
  const made = await project(site, "upload-token", ["page.js"]);
  const out = join(www, site);
  await mkdir(out, { recursive: true });
  await BUNDLERS.parcel(made, out, site, {});
  await app.uploads(`${ORIGIN}/${site}/index.html`);
});

test("a page of classic script tags", async () => {
  const site = "script-tags";
  const out = join(www, site);
  await mkdir(out, { recursive: true });
  const source = await readFile(join(here, "apps/script-tags.js"), "utf8");
  await writeFile(join(out, "page.js"), source);
  const tags = '<script src="/pkg/dist/upload-token.global.js"></script><script src="./page.js"></script>';
  // Such pages are as often in GBK, in which a script is then read as well.
  await writeFile(join(out, "index.html"), html(tags).replace("utf-8", "gbk"));
  await app.uploads(`${ORIGIN}/${site}/index.html`);
});

test("the classic script has everything that the entries have, and leaves one global", async () => {
  const code = await readFile(join(folder, "node_modules/upload-token/dist/upload-token.global.js"), "utf8");
  const page = createContext({ WebAssembly, console });
  const before = Object.keys(page);
  runInContext(code, page);
  assert.deepEqual(
    Object.keys(page).filter((name) => !before.includes(name)),
    ["UploadToken"],
  );
  for (const entry of ["upload-token", "upload-token/vod", "upload-token/ali-oss"]) {
    for (const name of Object.keys(require(entry))) assert(name in page.UploadToken, name);
  }
});

/** A folder of `www` with the sources as they are, where modules name each other by address. */
async function plain(site, entry, names) {
  const out = join(www, site);
  await mkdir(out, { recursive: true });
  const made = await project(site, PLAIN[entry], names);
  for (const name of names) {
    const source = await readFile(join(made, name), "utf8");
    await writeFile(join(out, name), source.replaceAll(/"upload-token\/(vod|ali-oss)"/g, '"/pkg/dist/$1.js"'));
  }
  return out;
}

for (const entry of Object.keys(PLAIN)) {
  const site = `plain-${entry.replace("/", "-")}`;

  test(`no bundler: ${entry}`, async () => {
    const out = await plain(site, entry, ["page.js"]);
    await writeFile(join(out, "index.html"), html('<script type="module" src="./page.js"></script>'));
    const { modules, streamed } = await app.uploads(`${ORIGIN}/${site}/index.html`);
    const separate = entry === "upload-token/wasm" ? 1 : 0;
    assert.deepEqual([modules.length, streamed], [separate, separate]);
  });

  test(`a worker: ${entry}`, async () => {
    const out = await plain(`${site}-worker`, entry, ["worker.js", "put.js"]);
    await writeFile(join(out, "index.html"), html(""));
    const bytes = randomBytes(3000);
    await app.visit(`${ORIGIN}/${site}-worker/index.html`, async (page) => {
      const status = await page.evaluate(
        (bytes) =>
          new Promise((resolve) => {
            const worker = new Worker("./worker.js", { type: "module" });
            worker.onmessage = ({ data }) => resolve(data);
            worker.onerror = ({ message }) => resolve(message);
            worker.postMessage({ name: "worker.bin", bytes: new Uint8Array(bytes) });
          }),
        [...bytes],
      );
      assert.equal(status, 200);
      assert(await app.stored(bytes));
    });
  });

  test(`a service worker: ${entry}`, async () => {
    const out = await plain(`${site}-sw`, entry, ["service-worker.js", "put.js"]);
    await writeFile(join(out, "index.html"), html(""));
    await throughServiceWorker(`${ORIGIN}/${site}-sw/index.html`, { type: "module" });
  });
}

test("a classic service worker, bundled by esbuild", async () => {
  const site = "classic-sw";
  const made = await project(site, "upload-token", ["service-worker.js", "put.js"]);
  const { buildSync } = require("esbuild");
  const entry = join(made, "service-worker.js");
  buildSync({ entryPoints: [entry], outdir: join(www, site), bundle: true, format: "iife", logLevel: "silent" });
  await writeFile(join(www, site, "index.html"), html(""));
  await throughServiceWorker(`${ORIGIN}/${site}/index.html`, { type: "classic" });
});

async function throughServiceWorker(url, options) {
  const bytes = randomBytes(3000);
  await app.visit(url, async (page) => {
    const answer = await page.evaluate(
      async ([bytes, options]) => {
        await navigator.serviceWorker.register("./service-worker.js", options);
        await navigator.serviceWorker.ready;
        while (!navigator.serviceWorker.controller) await new Promise((done) => setTimeout(done, 20));
        const response = await fetch("./upload/sw.bin", { method: "PUT", body: new Uint8Array(bytes) });
        return response.text();
      },
      [[...bytes], options],
    );
    assert.equal(answer, "200");
    assert(await app.stored(bytes));
  });
}

for (const entry of ["upload-token", "upload-token/wasm"]) {
  test(`Node: ${entry}`, async () => {
    await app.reset();
    const made = await project(`node-${entry.replace("/", "-")}`, entry, ["node.js", "put.js"]);
    const bytes = randomBytes(3000);
    const child = spawn(process.execPath, ["node.js", app.http, "node.bin"], { cwd: made });
    child.stdin.end(bytes);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
    const code = await new Promise((done) => child.on("close", done));
    assert.deepEqual([output.trim(), code], ["200", 0]);
    assert(await app.stored(bytes));
  });
}

describe("Next.js", { timeout: 180_000 }, () => {
  const files = [
    "next.config.js",
    "app/layout.js",
    "app/page.js",
    "app/uploader.js",
    "app/api/token/route.js",
    "app/api/sts/route.js",
  ];
  let next;

  before(async () => {
    const made = await project(
      "next",
      "upload-token",
      files.map((file) => `next/${file}`),
    );
    const program = require.resolve("next/dist/bin/next");
    const env = { ...process.env, APP_SERVER: app.http, NEXT_TELEMETRY_DISABLED: "1" };
    const start = (args) => spawn(process.execPath, [program, ...args], { cwd: made, env });
    const built = start(["build"]);
    let output = "";
    for (const stream of [built.stdout, built.stderr]) stream.on("data", (text) => (output += text));
    assert.equal(await new Promise((done) => built.on("close", done)), 0, output);
    next = start(["start", "--hostname", "127.0.0.1", "--port", "0"]);
    next.url = await new Promise((done) => {
      next.stdout.on("data", (text) => {
        const url = /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0];
        if (url) done(url);
      });
    });
  });
  after(() => next?.kill());

  test("renders on the server with a token, and uploads from the page", async () => {
    const film = randomBytes(150_000);
    await app.visit(next.url, async (page) => {
      assert.match(await page.textContent("#rendered"), /^STS\./);
      assert.match(await call(page, "token"), /^STS\./);
      assert.equal(await call(page, "uploadVod", film), "stored");
      assert(await app.stored(film));
    });
  });

  test("answers from a route handler", async () => {
    const answer = await (await fetch(`${next.url}/api/token`)).json();
    assert.match(answer.accessKeyId, /^STS\./);
  });
});

describe("a Content-Security-Policy", () => {
  const policies = {
    "script-src 'self' 'wasm-unsafe-eval'": "STS.",
    "script-src 'self' 'wasm-unsafe-eval'; require-trusted-types-for 'script'": "STS.",
    "script-src 'self'": "wasm",
  };
  const page = `import { createTokenManager } from "ENTRY";
globalThis.token = () => createTokenManager({ source: "/api/sts" }).getToken().then(({ accessKeyId }) => accessKeyId, ({ code }) => code);
`;
  for (const [policy, outcome] of Object.entries(policies)) {
    for (const [entry, address] of Object.entries(PLAIN)) {
      test(`${policy}: ${entry} ${outcome === "wasm" ? "fails with code wasm" : "works"}`, async () => {
        const site = `csp-${createHash("sha256")
          .update(policy + entry)
          .digest("hex")
          .slice(0, 8)}`;
        await mkdir(join(www, site), { recursive: true });
        await writeFile(join(www, site, "page.js"), page.replace("ENTRY", address));
        const meta = `<meta http-equiv="Content-Security-Policy" content="${policy}">`;
        const text = `<!doctype html><html lang="en"><head><link rel="icon" href="data:,">${meta}<title>csp</title></head>
<body><script type="module" src="./page.js"></script></body></html>`;
        await writeFile(join(www, site, "index.html"), text);
        const open = async (view) => assert.ok((await call(view, "token")).startsWith(outcome));
        const visited = app.visit(`${ORIGIN}/${site}/index.html`, open);
        // The browser says on its own what it forbids; the page is told by the error.
        if (outcome === "wasm")
          await visited.catch((error) => assert.match(error.message, /wasm-unsafe-eval|unsafe-eval/));
        else await visited;
      });
    }
  }
});

describe("what is not used is left out", () => {
  const MARKERS = { vod: "onUploadTokenExpired", "ali-oss": "RequestTimeTooSkewed" };
  const SOURCES = {
    nothing: 'import "upload-token";',
    manager: 'import { createTokenManager } from "upload-token/wasm"; globalThis.x = createTokenManager;',
    "manager and vod":
      'import { createTokenManager } from "upload-token/wasm"; import { createVodUploader } from "upload-token/vod"; globalThis.x = [createTokenManager, createVodUploader];',
    "manager and ali-oss":
      'import { createTokenManager } from "upload-token/wasm"; import { ossOptions } from "upload-token/ali-oss"; globalThis.x = [createTokenManager, ossOptions];',
  };

  for (const name of ["esbuild", "rollup", "webpack"]) {
    test(name, async (t) => {
      const sizes = {};
      for (const [what, source] of Object.entries(SOURCES)) {
        const site = `shake-${name}-${what.replaceAll(" ", "-")}`;
        const made = await project(site, "upload-token", []);
        await writeFile(join(made, "page.js"), source);
        const out = join(folder, site, "out");
        await mkdir(out, { recursive: true });
        await BUNDLERS[name](made, out, site);
        const code = await readFile(join(out, "page.js"), "utf8");
        sizes[what] = code.length;
        for (const [adapter, marker] of Object.entries(MARKERS)) {
          assert.equal(code.includes(marker), what.endsWith(adapter), `${adapter} in ${what}`);
        }
      }
      assert(sizes.nothing < 100, `an import without a use leaves ${sizes.nothing} bytes`);
      t.diagnostic(
        Object.entries(sizes)
          .map(([what, size]) => `${what}: ${size} bytes`)
          .join(", "),
      );
    });
  }
});
