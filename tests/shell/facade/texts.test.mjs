// What stands where a text should: nothing of it reaches the module's memory, which would be broken some calls later.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

import { nodeJson, reply } from "./support.mjs";

const NO_TEXTS = [1, NaN, -1, 10n, true, Symbol("s"), {}, [], ["a"], new Date(), Promise.resolve("a"), new String("a")];

const own = (path) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

// The generated code itself: the facade lets none of this through.
const bundled = await build({ entryPoints: [own("pkg/upload_token.js")], bundle: true, format: "esm", write: false });
const address = `data:text/javascript,${encodeURIComponent(bundled.outputFiles[0].text)}`;
const { default: init, TokenCore, UploadCore } = await import(address);
await init({ module_or_path: await readFile(own("dist/upload_token_bg.wasm")) });

const turns = async () => {
  for (let n = 0; n < 30; n++) await new Promise(setImmediate);
};

/** A hundred ordinary requests, each of which brings a token. */
async function ordinary() {
  let tokens = 0;
  const host = { resolve: () => tokens++, reject: () => {}, event() {} };
  const source = async () => reply(1);
  const cores = Array.from({ length: 100 }, (_, n) => {
    const core = new TokenCore({ source, policy: {}, seed: n }, host);
    core.request(n + 1, `scope ${"é".repeat(n)}`, 0, 0);
    return core;
  });
  await turns();
  for (const core of cores) core.free();
  assert.equal(tokens, 100);
}

test("an argument that is no text is refused", async () => {
  const host = { resolve() {}, reject() {}, event() {} };
  const core = new TokenCore({ source: async () => reply(1), policy: {}, seed: 1 }, host);
  for (const value of [...NO_TEXTS, null, undefined]) {
    assert.throws(() => core.request(1, value, 0, 0), TypeError);
    assert.throws(() => core.invalidate(value, "reason"), TypeError);
    assert.throws(() => core.peek(value, {}), TypeError);
    if (value === null || value === undefined) continue;
    assert.throws(() => core.invalidate("STS.a", value), TypeError);
    assert.throws(() => core.reset(value), TypeError);
  }
  core.free();
  await ordinary();
});

test("a member that is no text counts as absent", async () => {
  for (const value of [...NO_TEXTS, null, undefined]) {
    const looks = { look: () => ({ current: true, file: value, uploader: value }), event() {} };
    const host = {
      deliver: () => ({ taken: true, next: value }),
      swap: () => false,
      requeue() {},
      fail() {},
      hold() {},
    };
    const options = { source: async () => ({ UploadAuth: value, UploadAddress: value }), seed: 1, endpoint: value };
    const core = new UploadCore(options, { ...looks, ...host });
    const texts = { name: value, type: value, videoId: value, ticket: value, object: value, scope: value };
    core.started(1, { ...texts, size: 1, isImage: false, fields: { Title: value }, checkpoint: true, waited: 0 });
    await turns();
    core.free();
  }
  await ordinary();
});

test("a header that is no text counts as absent", async () => {
  // In a process of its own: it hung.
  const outcome = await nodeJson(`
    import { createTokenManager } from "upload-token";
    import { reply } from "./tests/shell/facade/support.mjs";
    const values = [1, NaN, 0.01, 10n, true, Symbol("s"), {}, [], ["1"], new Date(), Promise.resolve("1"), null, undefined];
    const names = ["retry-after", "date", "age", "cache-control"];
    const seen = new Set();
    for (const value of values) {
      const forms = [new Map(names.map((name) => [name, value])), { get: () => value }, Object.fromEntries(names.map((name) => [name, value]))];
      for (const headers of forms) {
        const answers = [
          () => ({ status: 503, ok: false, headers, text: async () => "{}" }),
          () => { throw Object.assign(new Error("x"), { response: { status: 503, headers, data: {} } }); },
          () => ({ status: 200, headers, config: {}, data: reply(1) }),
        ];
        for (const source of answers) {
          const tokens = createTokenManager({ source, policy: { waitDeadline: 60, backoffBase: 50 } });
          tokens.on("refreshFailed", () => {});
          seen.add(await tokens.getToken().then(({ accessKeyId }) => accessKeyId, ({ code }) => code));
          tokens.close();
        }
      }
    }
    const ordinary = await Promise.all(Array.from({ length: 100 }, () => createTokenManager(() => reply(1)).getToken()));
    process.stdout.write(JSON.stringify({ seen: [...seen], ordinary: ordinary.length }), () => process.exit());`);
  // A caller's wait may end before the request does.
  const expected = ["STS.Key1", "http", "throttled", "timeout"];
  assert.deepEqual(
    outcome.seen.filter((code) => !expected.includes(code)),
    [],
  );
  assert(outcome.seen.includes("STS.Key1"));
  assert.equal(outcome.ordinary, 100);
});
