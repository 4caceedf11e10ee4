// `npm test -- js` runs this folder. Here: what crosses the boundary while a file is uploaded in STS mode.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";

const SECRET = "CanaryStsSecret000000000000000000000000000000";
const crossed = [];
let memory;

/** A text in the module's memory, if these two numbers could be one. */
function textAt(at, length) {
  if (!memory || !(at > 0 && length > 0 && length < 100_000 && at + length <= memory.buffer.byteLength)) return "";
  return Buffer.from(memory.buffer, at, length).toString("latin1");
}

/** Notes all that a call hands over: values, and texts that are given by their place in memory. */
function note(name, values) {
  for (const [nth, value] of values.entries()) {
    if (typeof value === "string") crossed.push([name, value]);
    else if (typeof value === "object" && value !== null) crossed.push([name, inspect(value, { depth: 9 })]);
    else if (typeof value === "number") crossed.push([name, textAt(value, values[nth + 1])]);
  }
}

const { instantiate } = WebAssembly;
WebAssembly.instantiate = async (source, imports) => {
  for (const functions of Object.values(imports ?? {})) {
    for (const [name, real] of Object.entries(functions)) {
      if (typeof real !== "function") continue;
      functions[name] = (...args) => {
        note(name, args);
        return real(...args);
      };
    }
  }
  const made = await instantiate.call(WebAssembly, source, imports);
  const { exports } = made.instance ?? made;
  memory = Object.values(exports).find((value) => value instanceof WebAssembly.Memory);
  const heard = Object.entries(exports).map(([name, real]) => [
    name,
    typeof real === "function" ? (...args) => returned(name, real(...args)) : real,
  ]);
  return { instance: { exports: Object.fromEntries(heard) }, module: made.module ?? source };
};

/** Notes what the module returns: a value, or several, such as the two of a text. */
function returned(name, result) {
  note(`return of ${name}`, Array.isArray(result) ? result : [result]);
  return result;
}

/** The source's own answer is parsed by the platform, and read value by value: that is the way in. */
const READS = /^__wbg_(parse|keys|get|isArray|__wbindgen_(string_get|number_get|boolean_get|is_object))_/;

const { createTokenManager } = await import("upload-token");
const { createVodUploader } = await import("upload-token/vod");

const base64 = (value) => Buffer.from(JSON.stringify(value)).toString("base64");

/** What VOD answers to a call that creates a video. */
const CREATED = {
  RequestId: "1",
  VideoId: "video1",
  UploadAddress: base64({ Endpoint: "https://oss.example", Bucket: "outin", FileName: "sv/1.mp4" }),
  UploadAuth: base64({
    AccessKeyId: "STS.Auth",
    AccessKeySecret: "AuthSecret",
    SecurityToken: "AuthToken",
    ExpireUTCTime: new Date(Date.now() + 3_000_000).toISOString(),
    Expiration: "3000",
  }),
};

/** As much of the SDK as comes to one file. */
class Vod {
  files = [];
  _state = "Init";
  _curIndex = -1;
  constructor(options) {
    this.options = options;
  }
  listFiles() {
    return this.files;
  }
  stopUpload() {}
  cancelFile() {}
  deleteFile() {}
  cleanList() {}
  startUpload() {}
  resumeUploadWithAuth() {
    return true;
  }
  setUploadAuthAndAddress(info, uploadAuth) {
    info.state = "Uploading";
    this.given?.(uploadAuth);
  }
}

test("the STS secret of STS mode never leaves the module", async (t) => {
  const asked = [];
  const { fetch } = globalThis;
  globalThis.fetch = async (url) => {
    asked.push(String(url));
    return Response.json(CREATED);
  };
  const source = async () =>
    // As a Response: its text is what comes in, and a parsed object would be the page's own.
    Response.json({ AccessKeyId: "STS.Id", AccessKeySecret: SECRET, SecurityToken: "StsToken", expiresIn: 3600 });
  const tokens = createTokenManager({ source });
  t.after(() => {
    tokens.close();
    globalThis.fetch = fetch;
  });
  const events = [];
  const uploader = createVodUploader(Vod, tokens, { onTokenEvent: (event) => events.push(event) });
  const given = new Promise((resolve) => (uploader.given = resolve));
  const info = { state: "Ready", file: { name: "a.mp4", type: "video/mp4", size: 1 }, isImage: false };
  Object.assign(uploader, { files: [info], _state: "Start", _curIndex: 0 });
  const alive = setTimeout(() => {}, 60_000);
  uploader.options.onUploadstarted(info);
  assert.equal(await given, CREATED.UploadAuth);
  clearTimeout(alive);
  assert.equal(asked.length, 1);
  assert.match(asked[0], /AccessKeyId=STS\.Id/);
  assert.match(asked[0], /Signature=/);
  assert.deepEqual(
    events.map(({ type }) => type),
    ["token", "started"],
  );

  assert(
    crossed.some(([, text]) => text.includes("AuthSecret") || text.includes(CREATED.UploadAuth)),
    "an UploadAuth was seen to cross",
  );
  const out = crossed.filter(([name, text]) => text.includes(SECRET) && !READS.test(name));
  assert.deepEqual(
    out.map(([name]) => name),
    [],
  );
  // The scan finds what does cross.
  crossed.length = 0;
  assert.equal((await tokens.getToken()).accessKeySecret, SECRET);
  assert(crossed.some(([name, text]) => text.includes(SECRET) && !READS.test(name)));
});
