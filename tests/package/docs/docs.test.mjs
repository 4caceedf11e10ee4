// `npm test -- docs` runs this folder.
//
// Every block of code in the documentation is compiled and run, against the real SDKs and the local cloud.
import assert from "node:assert/strict";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { build } from "esbuild";

import { buildAppServer, control, startAppServer } from "../../../scripts/lib/app-server.mjs";
import { launchChrome } from "../../../scripts/lib/chrome.mjs";
import { root, run } from "../../../scripts/lib/run.mjs";
import { blocks, PAGES } from "./blocks.mjs";

const ALL = await blocks();
const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
const folder = join(root, ".cache/docs");
const ORIGIN = "https://app.test";
const of = (...languages) => ALL.filter(({ language }) => languages.includes(language));
const title = ({ file, line, language }) => `${file}:${line} (${language})`;

let server;
let browser;

before(async () => {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await buildAppServer();
  server = await startAppServer({ www: folder, args: ["--listen-tls", "127.0.0.1:0"] });
  const { host } = new URL(server.https);
  const rules = [`--host-resolver-rules=MAP * ${host}`, "--ignore-certificate-errors", "--disable-quic"];
  browser = await launchChrome({ args: rules });
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

test("every block is of a kind that is tested here", () => {
  const kinds =
    Map.groupBy?.(ALL, ({ language }) => language) ?? new Map(ALL.map((block) => [block.language, [block]]));
  console.log([...kinds].map(([language]) => `${of(language).length} × ${language}`).join(", "));
  for (const block of ALL)
    assert(["ts", "js", "html", "sh", "json", "toml", "text"].includes(block.language), title(block));
  assert(of("ts", "js").length >= 9 && of("json").length >= 4 && of("sh").length >= 3);
});

test("the TypeScript compiles as it stands", async () => {
  const names = of("ts").map(({ code }, index) => [`block${index}.ts`, `${code}\nexport {};\n`]);
  for (const [name, code] of names) await writeFile(join(folder, name), code);
  // As the package's own map of entries has them.
  const entries = Object.entries(manifest.exports).filter(([, { types }]) => types);
  const paths = Object.fromEntries(
    entries.map(([name, { types }]) => [join("upload-token", name), [join("../..", types)]]),
  );
  const compilerOptions = {
    strict: true,
    skipDefaultLibCheck: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    target: "es2022",
    lib: ["es2022", "dom"],
    module: "esnext",
    moduleResolution: "bundler",
    moduleDetection: "force",
    types: [],
    paths,
  };
  const files = [...names.map(([name]) => name), "../../tests/package/docs/ambient.d.ts"];
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const { output } = await run(process.execPath, [tsc, "--project", join(folder, "tsconfig.json")], { check: false });
  assert.equal(output, "");
});

/** What is there in every page: the SDKs, a file, and the questions that `then` asks. */
const PRELUDE = `
  const bytes = crypto.getRandomValues(new Uint8Array(60_000));
  globalThis.file = new File([bytes], "a " + crypto.randomUUID() + ".mp4");
  globalThis.userId = "1303984639806000";
  const real = globalThis.fetch;
  // Addresses of the reader's own server.
  const own = { "/my/token": "/api/sts", "/upload-auth": "/api/upload-auth" };
  globalThis.fetch = (url, init) => real(own[url] ?? url, own[url] ? { method: "POST", ...init } : init);
  const objects = async () => (await real("/__control/objects")).json();
  const digest = async () => {
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
  };
  globalThis.stored = async () => {
    const sum = await digest();
    for (let tries = 0; tries < 200; tries++) {
      if ((await objects()).some(({ sha256 }) => sha256 === sum)) return true;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return false;
  };
  globalThis.uploads = async (uploader) => {
    uploader.addFile(file, null, null, null, JSON.stringify({ Vod: { Title: file.name } }));
    uploader.startUpload();
    return stored();
  };
  globalThis.choose = async (file) => {
    let input;
    while (!(input = document.querySelector("input"))) await new Promise((resolve) => setTimeout(resolve, 20));
    const chosen = new DataTransfer();
    chosen.items.add(file);
    input.files = chosen.files;
    input.dispatchEvent(new Event("change"));
    return stored();
  };
  globalThis.puts = async (client) => {
    await client.put("a.mp4", file);
    return stored();
  };
`;

/** What Vite makes of an import that ends in `?url`. */
const addresses = {
  name: "addresses",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\?url$/ }, ({ path }) => ({ path, namespace: "url" }));
    // Node's: what the block's page has kept as it.
    onResolve({ filter: /^util$/ }, ({ path }) => ({ path, namespace: "node" }));
    onLoad({ filter: /.*/, namespace: "node" }, () => ({ contents: "module.exports = globalThis.util" }));
    onLoad({ filter: /.*/, namespace: "url" }, ({ path }) => ({
      contents: `export default "/vendor/${path.split("/").at(-1).replace(".min.js?url", ".js")}"`,
    }));
  },
};

async function runInPage({ code, file, line }) {
  const page = PAGES.find(({ has }) => code.includes(has));
  assert(page, `${file}:${line} has no entry in tests/package/docs/blocks.mjs`);
  const { given = "", then } = page;
  const declared = [
    ...given.matchAll(/^\s*(?:const|let) (?:(\w+)|\{ ([\w, ]+) \}) =/gm),
    ...code.matchAll(/^(?:const|let) (?:(\w+)|\{ ([\w, ]+) \}) =/gm),
  ];
  const names = declared.flatMap(([, one, several]) => (one ? [one] : several.split(/, ?/)));
  // The local cloud has one bucket.
  const ready = `${given}\n${code}`.replaceAll('"videos"', '"web-upload-app"');
  const source = `${ready}\nexport const outcome = async ($ = { ${[...new Set(names)].join(", ")} }) => ${then};\n`;
  const name = `${file.replaceAll("/", "-")}-${line}`;
  await writeFile(join(folder, `${name}.ts`), source);
  await build({
    absWorkingDir: root,
    entryPoints: [join(folder, `${name}.ts`)],
    outfile: join(folder, `${name}.js`),
    bundle: true,
    format: "esm",
    target: "es2022",
    logLevel: "silent",
    alias: {
      "upload-token": join(root, "dist/index.js"),
      "upload-token/vod": join(root, "dist/vod.js"),
      "upload-token/ali-oss": join(root, "dist/ali-oss.js"),
      "upload-token/providers": join(root, "dist/providers.js"),
    },
    plugins: [addresses],
  });
  const html = `<!doctype html><title>${name}</title>
    <script src="/vendor/aliyun-oss-sdk.js"></script><script>window["ali-oss"] = window.OSS</script>
    <script src="/vendor/aliyun-upload-vod.js"></script><script type="module">${PRELUDE}
    globalThis.outcome = import("/${name}.js").then(({ outcome }) => outcome());
    globalThis.outcome.catch(() => {});</script>`;
  await writeFile(join(folder, `${name}.html`), html);

  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  try {
    const view = await context.newPage();
    const errors = [];
    view.on("pageerror", ({ message }) => errors.push(message));
    await view.goto(`${ORIGIN}/${name}.html`);
    assert.equal(await view.evaluate(() => globalThis.outcome), true);
    assert.deepEqual(errors, []);
  } finally {
    await context.close();
  }
}

for (const block of of("ts", "js")) {
  test(`runs in a page: ${title(block)}`, async () => {
    await control(server.http, "POST", "reset");
    await runInPage(block);
  });
}

for (const block of of("html")) {
  test(`is a page: ${title(block)}`, async () => {
    // Where the local cloud's server has these files.
    const places = {
      "/vendor/aliyun-oss-sdk.min.js": "/vendor/aliyun-oss-sdk.js",
      "/vendor/aliyun-upload-sdk.min.js": "/vendor/aliyun-upload-vod.js",
      "/node_modules/upload-token/dist/": "/dist/",
    };
    let html = `<!doctype html><link rel="icon" href="data:,">${block.code}`;
    for (const [from, to] of Object.entries(places)) html = html.replace(from, to);
    // The vendor's file for script tags finds ali-oss as `OSS`; the one from npm, which is at hand, does not.
    html = html.replace('<script src="/vendor/aliyun-upload', '<script>window["ali-oss"] = OSS</script>$&');
    await writeFile(join(folder, "tags.html"), html);
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    try {
      const view = await context.newPage();
      const errors = [];
      view.on("pageerror", ({ message }) => errors.push(message));
      await view.goto(`${ORIGIN}/tags.html`);
      const id = await view.evaluate("tokens.getToken().then(({ accessKeyId }) => accessKeyId)");
      assert.match(id, /^STS\./);
      assert.equal(await view.evaluate("uploader.listFiles().length"), 0);
      assert.deepEqual(errors, []);
    } finally {
      await context.close();
    }
  });
}

/** What the real server answers where the documentation shows JSON with these members. */
const ANSWERS = [
  { has: "SecurityToken", ask: () => post("/api/sts", {}) },
  { has: "uploadAddress", ask: () => post("/api/upload-auth", { fileName: "a.mp4", title: "a" }) },
  {
    has: "RetryAfterSeconds",
    ask: async () => {
      await control(server.http, "POST", "faults", {
        service: "sts",
        status: 400,
        code: "Throttling.User",
        times: -1,
      });
      return post("/api/sts", {}).finally(() => control(server.http, "DELETE", "faults"));
    },
  },
  { has: "listening", ask: async () => ({ event: "listening", http: server.http, https: server.https }) },
];

async function post(path, body) {
  const headers = { "content-type": "application/json" };
  return (await fetch(`${server.http}${path}`, { method: "POST", headers, body: JSON.stringify(body) })).json();
}

for (const block of of("json")) {
  test(`is what the server answers: ${title(block)}`, async () => {
    const shown = JSON.parse(block.code);
    const answer = ANSWERS.find(({ has }) => block.code.includes(has));
    assert(answer, "no such answer is known to tests/package/docs/docs.test.mjs");
    const real = await answer.ask();
    const kinds = (object) =>
      Object.entries(object)
        .map(([name, value]) => `${name}: ${typeof value}`)
        .sort();
    assert.deepEqual(kinds(shown), kinds(real));
  });
}

function installed(file) {
  return join("node_modules", file);
}

/** What is run for a command that the documentation shows, and what it must print. */
const COMMANDS = [
  {
    has: "cp node_modules/ali-oss/dist/",
    run: [
      "ls",
      ["ali-oss/dist/aliyun-oss-sdk.min.js", "aliyun-upload-vod/dist/aliyun-upload-vod.min.js"].map(installed),
    ],
    prints: /aliyun-oss-sdk\.min\.js\s.*aliyun-upload-vod\.min\.js/,
  },
  {
    has: "upload-token-appserver -- --local-cloud",
    run: ["cargo", ["run", "--quiet", "--locked", "--package", "upload-token-appserver", "--", "--help"]],
    prints: /(?=[^]*--no-token-cache)(?=[^]*--listen )(?=[^]*--listen-tls)(?=[^]*--www)/,
  },
  // That it is the package's name; the registry is not asked.
  { has: "npm install upload-token", run: ["npm", ["pkg", "get", "name"]], prints: /^"upload-token"$/m },
  { has: "npm start\n", run: ["npm", ["start", "--", "--headless"]], prints: /SHA-256|sha-?256/i },
  // The tests behind it are suites of their own; that it finds them is what is tried here.
  { has: "npm run wasm-pack", run: ["npm", ["run", "wasm-pack", "--", "--version"]], prints: /wasm-pack \d/ },
  {
    has: "npm run contract",
    run: () => [process.execPath, ["scripts/contract.mjs", server.http, "--any-host"]],
    prints: /right {2}POST \/api\/upload-auth gives a ticket/,
  },
  {
    has: "upload-token-appserver --local-cloud",
    run: ["cargo", ["run", "--quiet", "--locked", "--package", "upload-token-appserver", "--", "--help"]],
    prints: /--local-cloud/,
  },
  {
    has: "local-cloud --listen",
    run: [
      "cargo",
      ["run", "--quiet", "--locked", "--package", "upload-token-appserver", "--bin", "local-cloud", "--", "--help"],
    ],
    prints: /--access-key/,
  },
];

for (const block of of("sh")) {
  test(`can be typed: ${title(block)}`, async () => {
    const command = COMMANDS.find(({ has }) => block.code.includes(has));
    assert(command, "no such command is known to tests/package/docs/docs.test.mjs");
    const program = typeof command.run === "function" ? command.run() : command.run;
    const { output } = await run(...program, { env: { NODE_TEST_CONTEXT: undefined } });
    assert.match(output, command.prints);
  });
}
