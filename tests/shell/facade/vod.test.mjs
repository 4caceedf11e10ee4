// The uploader's adapter without a browser: misuse, and what is handed to the SDK.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";

import { createTokenManager, isUploadTokenError, wasm } from "upload-token";
import { createVodUploader } from "upload-token/vod";

import { counting, never, next, nodeJson, reply } from "./support.mjs";
import { Vod } from "./sdk/bare.mjs";

const tokens = createTokenManager({ source: never });

const uploadAuth = "https://app.example/upload-auth";

const BAD = [
  // tokens, options, what the message begins with
  [null, {}, "tokens must be a token manager, or { uploadAuth } for UploadAuth mode"],
  [{}, {}, "tokens must be a token manager"],
  [tokens, { uploadAuth: 7 }, "uploadAuth must be an address or a function"],
  [tokens, { uploadAuth: "http://app.example/auth" }, "uploadAuth must be an https address"],
  [tokens, { endpoint: "http://vod.example" }, "endpoint must be an https address"],
  [tokens, { endpoint: "https://vod.example/" }, "endpoint must not end in /"],
  [tokens, { region: "cn-shanghai.evil.example/" }, "region must be an id"],
  [tokens, { deadline: 49 }, "deadline must be"],
  [tokens, { partSize: "1 MB" }, "partSize must be"],
  [tokens, { partSize: 1000 }, "partSize must be a whole number of bytes"],
  [null, { uploadAuth, request: { credentials: true } }, "request.credentials must be one of omit, "],
  [null, { uploadAuth, request: { headers: "x-a: b" } }, "request.headers must be an object"],
  [null, { uploadAuth, request: { headers: { "x-a": "中" } } }, "request.headers: x-a is no name of a header, or"],
  [null, { uploadAuth, request: { body: "{}" } }, "request.body is not an option; there are headers, credentials"],
  [null, { uploadAuth, request: 7 }, "request must be an object with headers and credentials, or a function"],
  [null, { uploadAuth: never, request: {} }, "request is for an uploadAuth that is an address"],
  [tokens, { onUploadProgress: true }, "onUploadProgress must be a function"],
];

for (const [manager, options, message] of BAD) {
  test(`refused: ${message}`, () => {
    assert.throws(
      () => createVodUploader(Vod, manager, options),
      (error) => isUploadTokenError(error) && error.code === "invalid_option" && error.message.startsWith(message),
    );
  });
}

test("what is no SDK and what are no options is refused, with a name for what is meant", () => {
  const refused = (message) => ({ name: "UploadTokenError", code: "invalid_option", message });
  assert.throws(() => createVodUploader(undefined, tokens, {}), refused(/^Vod must be the class AliyunUpload\.Vod — /));
  assert.throws(() => createVodUploader(class {}, tokens, {}), refused(/^Vod must be the class AliyunUpload\.Vod/));
  assert.throws(() => createVodUploader({ Vod }, tokens, {}), refused(/the member Vod of what was given — /));
  assert.throws(() => createVodUploader(Vod, tokens, 7), refused(/^options must be an object/));
});

test("the SDK gets its own options and none of the helper's", () => {
  const own = { region: "cn-beijing", userId: "1", partSize: 2_097_152, parallel: 3 };
  const more = { perFile: true, deadline: 5000, endpoint: "https://vod.example", onTokenEvent: never, wasm };
  const { options } = createVodUploader(Vod, tokens, { ...own, ...more });
  for (const [name, value] of Object.entries({ ...own, localCheckpoint: true }))
    assert.equal(options[name], value, name);
  for (const name of Object.keys(more)) assert.ok(!Object.keys(options).includes(name), name);
  assert.equal(createVodUploader(Vod, tokens, { localCheckpoint: false }).options.localCheckpoint, false);
});

test("the page's callbacks are called with the SDK's arguments, on the page's options", () => {
  const heard = [];
  const page = {
    addFileSuccess(...args) {
      heard.push([this === page, ...args]);
    },
    onUploadEnd: undefined,
  };
  const { options } = createVodUploader(Vod, tokens, page);
  const info = { file: { name: "a.mp4" } };
  options.addFileSuccess(info);
  options.onUploadEnd(undefined);
  options.onUploadCanceled(info, { name: "cancel" });
  assert.deepEqual(heard, [[true, info]]);
});

test("a callback that is false is none, as to the SDK", (t) => {
  const reported = [];
  globalThis.reportError = (error) => reported.push(error);
  t.after(() => delete globalThis.reportError);
  for (const none of [false, "", null]) {
    const { options } = createVodUploader(Vod, tokens, { onUploadProgress: none, onTokenEvent: none });
    options.onUploadProgress({ file: {} }, 1, 1);
    options.onTokenEvent({ type: "diagnostic" });
  }
  assert.deepEqual(reported, []);
});

test("a module that does not come is told of once, in UploadAuth mode as well", async () => {
  const lines = await nodeJson(`
    import { createVodUploader } from "upload-token/vod";
    import { Vod } from "./tests/shell/facade/sdk/bare.mjs";
    const lines = [];
    console.warn = (line) => lines.push(line);
    const wasm = () => Promise.reject(new Error("offline"));
    const alive = setTimeout(() => {}, 60_000);
    const uploader = createVodUploader(Vod, { uploadAuth: async () => {} }, { wasm, deadline: 3500, onUploadFailed: () => {
      console.log(JSON.stringify(lines));
      clearTimeout(alive);
    } });
    const info = { state: "Ready", file: { name: "a.mp4", type: "video/mp4" }, isImage: false };
    Object.assign(uploader, { files: [info], _state: "Start", _curIndex: 0 });
    uploader.options.onUploadstarted(info);
  `);
  assert.equal(lines.length, 1);
  assert.match(lines[0], /^upload-token: the module failed to load\. It is tried again, and files wait up to 4 s\. /);
});

/** What stands in the way of the module → where it comes from, and the code of the file at its deadline. */
const NO_MODULE = {
  "is not there": [() => new Uint8Array([1, 2, 3, 4]), "wasm"],
  "cannot be had": [() => Promise.reject(new Error("offline")), "wasm"],
  "never comes": [never, "timeout"],
};

for (const [what, [load, code]] of Object.entries(NO_MODULE)) {
  test(`a file whose module ${what} fails with a code by its deadline, and again after another start`, async (t) => {
    // The module's own timers keep no process alive.
    const alive = setInterval(() => {}, 60_000);
    t.after(() => clearInterval(alive));
    const source = counting();
    const manager = createTokenManager({ source, wasm: load });
    for (const [tokens, options] of [
      [manager, {}],
      [manager, { uploadAuth: never }],
      [null, { uploadAuth: never, wasm: load }],
    ]) {
      let tell;
      const onUploadFailed = ({ state }, code) => tell([state, code]);
      const uploader = createVodUploader(Vod, tokens, { ...options, deadline: 60, onUploadFailed });
      for (let start = 0; start < 2; start++) {
        const failed = new Promise((done) => (tell = done));
        const info = { state: "Ready", file: { name: "a.mp4", type: "video/mp4" }, isImage: false };
        uploader.options.onUploadstarted(info);
        assert.deepEqual(await failed, ["Failure", code]);
      }
    }
    assert.equal(source.requests.length, 0);
    manager.close();
  });
}

test("an uploader that is disposed of asks no more for its module, and tells nothing", async (t) => {
  const alive = setInterval(() => {}, 60_000);
  t.after(() => clearInterval(alive));
  const heard = [];
  let calls = 0;
  let tellAsked;
  const asked = new Promise((resolve) => (tellAsked = resolve));
  const wasm = () => (calls++, tellAsked(), Promise.reject(new Error("offline")));
  const onUploadFailed = (_, code) => heard.push(code);
  const uploader = createVodUploader(Vod, null, { uploadAuth: never, wasm, onUploadFailed });
  uploader.options.onUploadstarted({ state: "Ready", file: { name: "a.mp4", type: "video/mp4" }, isImage: false });
  await asked;
  uploader.dispose();
  // Longer than the pause before another try.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  assert.deepEqual([calls, heard], [1, []]);
});

test("the page's own answers are not carried out, and told of once", () => {
  const [answers, events] = [[], []];
  class Sdk extends Vod {
    setSTSToken(...args) {
      answers.push(args);
    }
  }
  const uploader = createVodUploader(Sdk, tokens, { onTokenEvent: (event) => events.push(event) });
  for (let i = 0; i < 2; i++) assert.equal(uploader.setSTSToken({}, "STS.id", "secret", "token"), true);
  assert.deepEqual(answers, []);
  assert.equal(events.length, 1);
  const [{ message, ...event }] = events;
  assert.deepEqual(event, { type: "diagnostic", ignored: "setSTSToken" });
  assert.match(message, /^setSTSToken\(\) was not carried out/);
});

/** An uploader of the stub that has come to a file, as the SDK does; how the file failed. */
function failed(manager, options) {
  return new Promise((resolve) => {
    // The module's timers alone do not keep Node alive.
    const alive = setTimeout(() => {}, 60_000);
    const onUploadFailed = (info, code, message) => {
      clearTimeout(alive);
      resolve({ code, message, state: info.state });
    };
    const uploader = createVodUploader(Vod, manager, { ...options, onUploadFailed });
    const info = { state: "Ready", file: { name: "a.mp4", type: "video/mp4" }, isImage: false };
    Object.assign(uploader, { files: [info], _state: "Start", _curIndex: 0 });
    uploader.options.onUploadstarted(info);
  });
}

test("a scope that is no text fails the file at once, and the page is asked for it once", async () => {
  const scopes = [];
  const refusing = createTokenManager({ source: () => Promise.reject(new Error("offline")) });
  const wrong = await failed(refusing, { perFile: () => 7 });
  assert.deepEqual([wrong.code, wrong.state], ["invalid_option", "Failure"]);
  assert.match(wrong.message, /^perFile must return a string — /);
  const right = await failed(refusing, { perFile: ({ file }) => scopes.push(file.name) && file.name, deadline: 1500 });
  assert.equal(right.code, "network");
  assert.deepEqual(scopes, ["a.mp4"]);
  refusing.close();
});

test("a reset is heard by the uploaders of another copy of the package", async () => {
  const other = createRequire(import.meta.url)("upload-token/vod");
  for (const make of [createVodUploader, other.createVodUploader]) {
    let tellAsked;
    const asked = new Promise((resolve) => (tellAsked = resolve));
    const manager = createTokenManager({ source: () => (tellAsked(), never()) });
    const told = [];
    const uploader = make(Vod, manager, { onUploadFailed: ({ state }, code) => told.push([state, code]) });
    const info = { state: "Ready", file: { name: "a.mp4", type: "video/mp4" }, isImage: false };
    Object.assign(uploader, { files: [info], _state: "Start", _curIndex: 0 });
    uploader.options.onUploadstarted(info);
    await asked;
    manager.reset();
    await new Promise(setImmediate);
    assert.deepEqual(told, [["Failure", "reset"]]);
    manager.close();
  }
});

test("a reset gives up the files that are known, also when the SDK throws in naming them", async (t) => {
  const reported = [];
  globalThis.reportError = (error) => reported.push(error.message);
  t.after(() => delete globalThis.reportError);
  let tellAsked;
  const asked = new Promise((resolve) => (tellAsked = resolve));
  const manager = createTokenManager({ source: () => (tellAsked(), never()) });
  t.after(() => manager.close());
  const told = [];
  const uploader = createVodUploader(Vod, manager, { onUploadFailed: ({ state }, code) => told.push([state, code]) });
  const info = { state: "Ready", file: { name: "a.mp4", type: "video/mp4" }, isImage: false };
  Object.assign(uploader, { files: [info], _state: "Start", _curIndex: 0 });
  uploader.options.onUploadstarted(info);
  await asked;
  const { listFiles } = uploader;
  uploader.listFiles = () => {
    uploader.listFiles = listFiles;
    throw new Error("no list just now");
  };
  manager.reset();
  await new Promise(setImmediate);
  assert.deepEqual(reported, ["no list just now"]);
  assert.deepEqual(told, [["Failure", "reset"]]);
});

test("a reset drops the former user's token whatever an uploader does about it, and the others hear it", async (t) => {
  const reported = [];
  globalThis.reportError = (error) => reported.push(error.message);
  t.after(() => delete globalThis.reportError);
  const manager = createTokenManager({ source: counting() });
  t.after(() => manager.close());
  const uploaders = [1, 2, 3].map(() => createVodUploader(Vod, manager, {}));
  const info = { state: "Ready", videoId: "the former user's", file: { name: "a.mp4" } };
  uploaders[0].listFiles = uploaders[1].listFiles = () => {
    throw new Error("this build of the SDK has no list");
  };
  uploaders[2].files = [info];
  await manager.getToken();
  manager.reset();
  assert.equal(manager.peek(), undefined);
  assert.equal(info.videoId, undefined);
  assert.deepEqual(reported, Array(2).fill("this build of the SDK has no list"));
});

test("in UploadAuth mode a file that waited too long is not told of the manager's failures", async () => {
  const refusing = createTokenManager({ source: () => Promise.reject(new Error("offline")) });
  const refused = next(refusing, "refreshFailed");
  refusing.prefetch();
  await refused;
  assert.equal(refusing.status().lastError.code, "network");
  assert.equal((await failed(refusing, { uploadAuth: never, deadline: 60 })).code, "timeout");
  refusing.close();
});

test("where VOD hangs and a good token is in hand, no refused refresh of that is blamed", async (t) => {
  t.mock.method(globalThis, "fetch", never);
  let asked = 0;
  const source = () => (asked++ === 0 ? reply(1, 1_800_000) : new Response("{}", { status: 401 }));
  const tokens = createTokenManager({ source });
  t.after(() => tokens.close());
  await tokens.getToken();
  await assert.rejects(tokens.getToken({ minValidity: 3_000_000 }), { code: "unauthenticated" });
  assert.equal((await failed(tokens, { deadline: 300 })).code, "timeout");
});

test("a function gives the headers of each request for an UploadAuth, and is told what is wanted", async (t) => {
  const asked = [];
  const sent = [];
  const { fetch } = globalThis;
  t.after(() => (globalThis.fetch = fetch));
  globalThis.fetch = async (address, { headers, credentials, body }) => {
    sent.push([address, new Headers(headers).get("x-session"), credentials, JSON.parse(body).fileName]);
    return new Response("{}", { status: 403 });
  };
  const request = async (wanted) => {
    asked.push(wanted);
    return { headers: { "x-session": `s${asked.length}` }, credentials: "include" };
  };
  const told = await failed(null, { uploadAuth, request });
  assert.equal(told.code, "forbidden");
  assert.deepEqual(sent, [[uploadAuth, "s1", "include", "a.mp4"]]);
  assert.deepEqual([asked[0].fileName, asked[0].title, asked[0].signal], ["a.mp4", "a.mp4", undefined]);

  for (const bad of [{ credentials: true }, { body: "{}" }, 7, undefined]) {
    const { code, message } = await failed(null, { uploadAuth, request: () => bad });
    assert.equal(code, "request", message);
  }
  assert.equal(sent.length, 1);
});

test("a manager that is closed while a file begins fails it with that", async () => {
  const told = new Set();
  await createTokenManager({ source: counting() }).getToken();
  for (let turns = 0; turns < 30; turns++) {
    const manager = createTokenManager({ source: counting() });
    const failure = failed(manager, {});
    for (let turn = 0; turn < turns; turn++) await null;
    manager.close();
    told.add((await failure).code);
  }
  assert.deepEqual([...told], ["closed"]);
});
