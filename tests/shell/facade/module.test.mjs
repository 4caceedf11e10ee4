// The WebAssembly module: where it comes from, a load that fails, and a module that breaks.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
import { test } from "node:test";

import { nodeJson } from "./support.mjs";

/** What every process here begins with. */
const PRELUDE = `
  import { readFile } from "node:fs/promises";
  import { createTokenManager } from "upload-token";
  const file = new URL("dist/upload_token_bg.wasm", "file://" + process.cwd() + "/");
  const source = () => ({ AccessKeyId: "STS.a", AccessKeySecret: "b", SecurityToken: "c", expiresIn: 3600 });
  const outcome = (promise) => promise.then(({ accessKeyId }) => accessKeyId, ({ name, code, message, cause }) => ({ name, code, message, cause: String(cause) }));
  const print = (value) => process.stdout.write(JSON.stringify(value));
`;

const FORMS = {
  bytes: "readFile(file)",
  "an ArrayBuffer":
    "readFile(file).then((bytes) => bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))",
  "a compiled module": "readFile(file).then((bytes) => WebAssembly.compile(bytes))",
  "an answer":
    "readFile(file).then((bytes) => new Response(bytes, { headers: { 'content-type': 'application/wasm' } }))",
  "a function": "() => readFile(file)",
  "a function of a value": "await readFile(file).then((bytes) => () => bytes)",
};

for (const [what, form] of Object.entries(FORMS)) {
  test(`the module may be given as ${what}`, async () => {
    const text = `${PRELUDE} print(await outcome(createTokenManager({ source, wasm: ${form} }).getToken()));`;
    assert.equal(await nodeJson(text), "STS.a");
  });
}

test("the module may be given as an address", async (t) => {
  const bytes = await readFile(new URL("../../../dist/upload_token_bg.wasm", import.meta.url));
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "application/wasm" }).end(bytes);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const address = JSON.stringify(`http://127.0.0.1:${server.address().port}/module.wasm`);
  for (const form of [address, `new URL(${address})`]) {
    const text = `${PRELUDE} print(await outcome(createTokenManager({ source, wasm: ${form} }).getToken()));`;
    assert.equal(await nodeJson(text), "STS.a");
  }
});

test("a load that failed for good is told with its cause, and forgotten", async () => {
  const outcomes = await nodeJson(`${PRELUDE}
    let tries = 0;
    const wasm = () => {
      tries++;
      return tries === 1 ? new Uint8Array([0, 97, 115, 109]) : readFile(file);
    };
    const tokens = createTokenManager({ source, wasm });
    tokens.prefetch();
    const first = await Promise.all([outcome(tokens.getToken()), outcome(tokens.getToken())]);
    print([...first, await outcome(tokens.getToken()), tries]);
  `);
  const [first, same, second, tries] = outcomes;
  assert.equal(first.name, "UploadTokenError");
  assert.equal(first.code, "wasm");
  assert.match(first.cause, /^CompileError/);
  assert.deepEqual(same, first);
  assert.equal(second, "STS.a");
  assert.equal(tries, 2);
});

/** What stands in the way of the module → the option `wasm`, and what the error says. `at` is the server's address. */
const OBSTACLES = {
  "an address where nothing is": ["`${at}/nothing?key=CANARY`", /is not there \(GET http:\S+\/nothing answered 404\)/],
  "a page in its place, as servers of single-page applications answer": [
    "`${at}/page`",
    /what GET http:\S+\/page answered \(text\/html\) is no WebAssembly module; does the bundler copy the file/,
  ],
  "a script that Vite has moved away from it": [
    "`${at}/node_modules/.vite/deps/nothing`",
    /optimizeDeps: \{ exclude: \["upload-token"\] \}/,
  ],
  "nobody there": [
    "'http://127.0.0.1:9/a.wasm?key=CANARY'",
    /could not be fetched: .*offline.*connect-src.*\(GET \S+\/a\.wasm\)/,
  ],
  "another file": ["new Uint8Array([1, 2, 3, 4, 5])", /what the option wasm gives is no WebAssembly module/],
  "nothing at all": ["() => undefined", /what the option wasm gives is no WebAssembly module/],
  "a damaged file": ["new Uint8Array([0, 97, 115, 109, 9])", /could not be compiled: /],
  "another module": ["new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])", /of another version/],
};

for (const [what, [wasm, sentence]] of Object.entries(OBSTACLES)) {
  test(`the error names what is in the way: ${what}`, async (t) => {
    const server = createServer((request, response) => {
      const there = request.url === "/page";
      response.writeHead(there ? 200 : 404, { "content-type": "text/html" }).end("<!doctype html>");
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => server.close());
    const { code, message } = await nodeJson(`${PRELUDE}
      const at = "http://127.0.0.1:${server.address().port}";
      const policy = { waitDeadline: 3000 };
      print(await outcome(createTokenManager({ source, wasm: ${wasm}, policy }).getToken()));`);
    assert.equal(code, "wasm");
    assert.match(message, sentence);
    assert.doesNotMatch(message, /CANARY/);
  });
}

/** An environment that is too old → what makes Node such a one, and what the error says. */
const TOO_OLD = {
  "a browser without reference types": [
    `WebAssembly.compile = async () => { throw new WebAssembly.CompileError("invalid value type 'externref'"); };
     WebAssembly.validate = () => false;`,
    /needs reference types, which this browser does not have; there are in Chrome 96/,
  ],
  "jsdom, without coders of text": ["delete globalThis.TextDecoder;", /needs TextDecoder, which is missing here/],
  "an engine without FinalizationRegistry": [
    "delete globalThis.FinalizationRegistry;",
    /needs FinalizationRegistry, which is missing here/,
  ],
  "an engine without WeakRef": ["delete globalThis.WeakRef;", /needs WeakRef, which is missing here/],
  "a sandbox without performance": ["delete globalThis.performance;", /needs performance, which is missing here/],
  "an engine without WebAssembly": ["delete globalThis.WebAssembly;", /needs WebAssembly, which is missing here/],
  "a page whose policy forbids it": [
    `WebAssembly.compile = async () => { throw new EvalError("violates the following Content Security Policy directive"); };
     WebAssembly.validate = () => false;`,
    /script-src of the page's Content-Security-Policy needs 'wasm-unsafe-eval'/,
  ],
};

for (const [what, [make, sentence]] of Object.entries(TOO_OLD)) {
  test(`the error names what is missing: ${what}`, async () => {
    const { code, message } = await nodeJson(
      `${PRELUDE} ${make} print(await outcome(createTokenManager({ source }).getToken()));`,
    );
    assert.equal(code, "wasm");
    assert.match(message, sentence);
  });
}

test("a module of another version does not cost the right one its turn", async () => {
  const [wrong, right, also] = await nodeJson(`${PRELUDE}
    const module = await WebAssembly.compile(await readFile(file));
    const another = new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
    const token = (wasm) => outcome(createTokenManager({ source, wasm: () => wasm }).getToken());
    print(await Promise.all([token(another), token(module), token(module)]));`);
  assert.match(wrong.message, /of another version/);
  assert.deepEqual([right, also], ["STS.a", "STS.a"]);
});

test("managers share one module", async () => {
  const made = await nodeJson(`${PRELUDE}
    let made = 0;
    const real = WebAssembly.compile;
    // Node has modules of its own.
    const ours = (bytes) => bytes.byteLength > 50_000;
    WebAssembly.compile = (bytes) => ((made += ours(bytes)), real.call(WebAssembly, bytes));
    await Promise.all(Array.from({ length: 5 }, () => createTokenManager({ source }).getToken()));
    print(made);
  `);
  assert.equal(made, 1);
});

/** Managers in every state, and what becomes of them all when the module breaks. */
const WAKE = `${PRELUDE}
  const told = [];
  let printed = 0;
  console.error = (...line) => (printed += Number(/upload-token: .*reload the page/.test(line.join(" "))));
  process.on("unhandledRejection", (error) => told.push("unhandled: " + error.message));
  const [holding, waiting] = [createTokenManager({ source }), createTokenManager({ source: () => new Promise(() => {}) })];
  await holding.getToken();
  const callers = [waiting.getToken(), waiting.getToken({ scope: "a" })].map(outcome);
  while (waiting.status("a").waiting === 0) await new Promise(setImmediate);
  const now = Date.now;
  const withoutClock = async (act) => {
    Date.now = () => { throw new Error("no clock"); };
    const result = await act();
    Date.now = now;
    return result;
  };
  const report = async (provoked) => {
    const later = createTokenManager({ source });
    const after = [await outcome(later.getToken()), await outcome(waiting.getToken())];
    for (const tokens of [holding, waiting, later]) {
      tokens.prefetch();
      tokens.invalidate("STS.a");
      if (tokens.peek() !== undefined) told.push("peek");
      const { state, lastError } = tokens.status();
      if (state !== "empty" || lastError?.code !== "wasm") told.push("status");
      tokens.close();
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
    print({ provoked, callers: await Promise.all(callers), after, told, printed });
  };
`;

const DEFECT =
  "the WebAssembly module failed, which is a defect; reload the page — " +
  "https://github.com/upload-token/upload-token/blob/HEAD/docs/errors.md#wasm";

test("something thrown from the middle of the module is told to every caller, and it is given up", async () => {
  const { provoked, callers, after, told, printed } = await nodeJson(
    `${WAKE} await report(await withoutClock(() => outcome(holding.getToken())));`,
  );
  assert.equal(printed, 1);
  assert.deepEqual(provoked, { name: "UploadTokenError", code: "wasm", message: DEFECT, cause: "Error: no clock" });
  for (const outcome of [...callers, ...after]) assert.deepEqual(outcome, provoked);
  assert.deepEqual(told, []);
});

test("a manager that cannot be made is told as a broken module", async () => {
  const { provoked, callers } = await nodeJson(
    `${WAKE} await report(await withoutClock(() => outcome(createTokenManager({ source }).getToken())));`,
  );
  assert.deepEqual([provoked.code, provoked.cause], ["wasm", "Error: no clock"]);
  assert.deepEqual(callers, [provoked, provoked]);
});

// The module has no panic to call. An answer that lands while the clock throws leaves its step undone, and the next
// look at the token panics over what is still borrowed.
test("a panic is told to every caller, once", async () => {
  const { callers, after, told } = await nodeJson(`${WAKE}
    let land;
    const late = createTokenManager({ source: () => new Promise((resolve) => (land = resolve)) });
    callers.push(outcome(late.getToken()));
    while (!land) await new Promise(setImmediate);
    await withoutClock(() => (land(source()), new Promise(setImmediate)));
    await report(late.peek());
  `);
  assert.equal(callers.length, 3);
  for (const outcome of [...callers, ...after]) {
    assert.deepEqual(outcome, { name: "UploadTokenError", code: "wasm", message: DEFECT, cause: "undefined" });
  }
  assert.deepEqual(told, ["unhandled: no clock"], "what the test threw itself");
});

test("a module that broke is told where nobody waits: on the console, by the status and to new managers", async () => {
  const { printed, status, later, asked } = await nodeJson(`${WAKE}
    await withoutClock(() => outcome(holding.getToken()));
    let asked = 0;
    const later = await outcome(createTokenManager({ source: () => (asked++, source()) }).getToken());
    const { state, lastError } = holding.status();
    print({ printed, status: [state, lastError.code, lastError.cause.message], later, asked });
  `);
  assert.deepEqual(status, ["empty", "wasm", "no clock"]);
  assert.equal(later.message, DEFECT);
  assert.deepEqual([printed, asked], [1, 0]);
});

// The glue writes what is not ASCII by this method, before the module begins.
test("what is thrown over the value of one call is reported, and ends nothing", async () => {
  const { told, got } = await nodeJson(`${PRELUDE}
    const told = [];
    globalThis.reportError = (error) => told.push(error.message);
    const [one, other] = [createTokenManager({ source }), createTokenManager({ source })];
    await Promise.all([one.getToken(), other.getToken()]);
    const { encodeInto } = TextEncoder.prototype;
    TextEncoder.prototype.encodeInto = () => {
      throw new Error("no text");
    };
    one.invalidate("STS.\u00e4");
    TextEncoder.prototype.encodeInto = encodeInto;
    print({ told, got: [await outcome(one.getToken()), await outcome(other.getToken())] });
  `);
  assert.deepEqual(told, ["no text"]);
  assert.deepEqual(got, ["STS.a", "STS.a"]);
});

test("a trap goes up into no callback of the upload SDK, and its files are told", async () => {
  const { thrown, failed, printed } = await nodeJson(`${PRELUDE}
    import { createVodUploader } from "upload-token/vod";
    import { Vod } from "./tests/shell/facade/sdk/bare.mjs";
    let printed = 0;
    console.error = () => printed++;
    process.on("unhandledRejection", () => {});
    let land;
    const failed = [];
    const uploader = createVodUploader(Vod, {
      uploadAuth: () => new Promise((resolve) => (land = resolve)),
      onUploadFailed: (info, code) => failed.push([info.file.name, code]),
    });
    const info = { state: "Ready", file: { name: "a.mp4", type: "video/mp4", size: 9 }, isImage: false };
    const sent = { state: "Failure", file: { name: "b.mp4", type: "video/mp4", size: 9 }, isImage: false };
    uploader.files.push(info, sent);
    uploader.options.addFileSuccess(sent);
    uploader.options.onUploadstarted(info);
    while (!land) await new Promise(setImmediate);
    // An answer that lands while the clock throws leaves its step undone, and the next one panics.
    const { now } = Date;
    Date.now = () => { throw new Error("no clock"); };
    land({});
    await new Promise(setImmediate);
    Date.now = now;
    const thrown = [];
    for (const act of [
      () => uploader.options.onUploadFailed(info, "AccessDenied", "refused"),
      () => uploader.options.onUploadProgress(info, 9, 0.5),
      () => uploader.options.onUploadTokenExpired(sent),
      () => uploader.cancelFile(0),
      () => uploader.dispose(),
    ]) {
      try {
        act();
      } catch (error) {
        thrown.push(String(error));
      }
    }
    for (let turn = 0; turn < 1000 && failed.length < 2; turn++) await new Promise((resolve) => setTimeout(resolve, 2));
    await new Promise((resolve) => setTimeout(resolve, 20));
    print({ thrown, failed, printed });
  `);
  assert.deepEqual(thrown, []);
  assert.deepEqual(
    failed,
    [
      ["a.mp4", "wasm"],
      ["b.mp4", "wasm"],
    ],
    "each once",
  );
  assert.equal(printed, 1);
});
