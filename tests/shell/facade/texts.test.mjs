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

const encoded = (value) => Buffer.from(JSON.stringify(value)).toString("base64");
const ISSUED = {
  UploadAuth: encoded({ AccessKeyId: "STS.a", AccessKeySecret: "b", SecurityToken: "c", Expiration: "3000" }),
  UploadAddress: encoded({ Endpoint: "https://oss-cn-shanghai.aliyuncs.com", Bucket: "b", FileName: "f" }),
  VideoId: "v",
};

/**
 * What a file whose texts are `value` makes of its page, call by call; `answer` is what the page's function gives, and `seen` what the
 * SDK says of the file and of itself.
 */
async function calls(value, { answer = ISSUED, seen = { file: "Ready", uploader: "Start" } } = {}) {
  const calls = [];
  const told =
    (name, returned) =>
    (...args) => {
      calls.push([name, ...args]);
      return returned;
    };
  const looks = { look: told("look", { current: true, ...seen }), event: told("event") };
  const host = {
    deliver: told("deliver", { taken: true, next: value }),
    swap: told("swap", false),
    requeue: told("requeue"),
    fail: told("fail"),
    hold: told("hold"),
  };
  const source = async ({ signal, ...asked }) => told("source", answer)(asked, signal instanceof AbortSignal);
  const core = new UploadCore({ source, seed: 1, endpoint: value }, { ...looks, ...host });
  const texts = { name: value, type: value, videoId: value, ticket: value, object: value, scope: value };
  core.started(1, { ...texts, size: 1, isImage: false, fields: { Title: value }, checkpoint: true, waited: 0 });
  await turns();
  core.free();
  return calls;
}

test("a member that is no text counts as absent", async () => {
  const asked = [["source", { title: "", fileName: "", fileSize: 1, reason: "initial" }, true]];
  const of = (calls, wanted) => calls.filter(([name]) => name === wanted);
  const absent = await calls(undefined);
  assert.deepEqual(of(absent, "source"), asked);
  assert.equal(of(absent, "deliver").length, 1);
  for (const value of [...NO_TEXTS, null]) {
    assert.deepEqual(timeless(await calls(value)), timeless(absent));
    const unseen = await calls(value, { seen: { file: value, uploader: value } });
    assert.deepEqual([of(unseen, "source"), of(unseen, "look").length, of(unseen, "deliver")], [asked, 1, []]);
    const refused = await calls(value, { answer: { UploadAuth: value, UploadAddress: value } });
    assert.deepEqual([of(refused, "source"), of(refused, "deliver")], [asked, []]);
  }
  // What is a text is seen.
  assert.equal(of(await calls("text"), "source")[0][1].videoId, "text");
  await ordinary();
});

/** Without numbers: they are moments, of which no two are the same. */
function timeless(calls) {
  return JSON.parse(JSON.stringify(calls, (_, value) => (typeof value === "number" ? 0 : value)));
}

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
