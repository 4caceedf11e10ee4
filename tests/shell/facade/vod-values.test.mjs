// What a page or a build of the SDK may have in the place of a text or a number: none of it ends the module.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { createTokenManager } from "upload-token";
import { createVodUploader } from "upload-token/vod";

import { Vod } from "./sdk/bare.mjs";
import { counting, never, nodeJson } from "./support.mjs";

const turn = () => new Promise(setImmediate);

/** An uploader whose SDK has come to `info`; `asked` is what `uploadAuth` was called with, `failed` what the page was told. */
async function begun(t, info) {
  const [asked, failed] = [[], []];
  const uploader = createVodUploader(Vod, {
    uploadAuth: (request) => (asked.push(request), never()),
    onUploadFailed: (_, code, message) => failed.push([code, message]),
  });
  t.after(() => uploader.dispose());
  const whole = { state: "Ready", isImage: false, ...info };
  uploader.files.push(whole);
  uploader.options.onUploadstarted(whole);
  // The first one has the module loaded.
  for (let n = 0; n < 5_000 && asked.length + failed.length === 0; n++) await sleep(2);
  return { uploader, info: whole, asked, failed };
}

const file = { name: "a.mp4", type: "video/mp4", size: 9 };

for (const [what, info] of Object.entries({
  "a file without a name": { file: { type: "video/mp4", size: 9 } },
  "a name and a type that are none": { file: { name: { a: 1 }, type: null, size: 9n } },
  "a size that is none": { file: { ...file, size: undefined } },
  "an id that is a number": { file, videoId: 7 },
  "an id that is a list": { file, videoId: ["7"] },
  "a checkpoint that is null": { file, checkpoint: null },
  "a checkpoint of no object": { file, checkpoint: { object: ["a"] } },
  "an object that is none": { file, checkpoint: {}, object: {} },
})) {
  test(`asked for all the same: ${what}`, async (t) => {
    const { asked, failed } = await begun(t, info);
    assert.deepEqual(failed, []);
    assert.equal(asked.length, 1);
  });
}

test("an id that is a number is asked for as a text", async (t) => {
  const { asked } = await begun(t, { file, videoId: 7 });
  assert.equal(asked[0].videoId, "7");
});

test("what cannot be written as a text is told by its name", async (t) => {
  const UserData = {};
  UserData.self = UserData;
  for (const [name, value] of Object.entries({ UserData, Title: Object.create(null) })) {
    const { failed } = await begun(t, { file, videoInfo: { [name]: value } });
    assert.equal(failed[0]?.[0], "page_error");
    assert.match(failed[0][1], new RegExp(`^info.videoInfo.${name} of .* cannot be sent as text`));
  }
});

test("what the SDK calls back with", async (t) => {
  const tokens = createTokenManager({ source: counting() });
  t.after(() => tokens.close());
  const odd = [undefined, null, NaN, -1, 10n, Symbol("a"), {}, ["a"], Object.create(null)];
  for (const value of odd) {
    const { uploader, info } = await begun(t, { file });
    const { options } = uploader;
    options.onUploadProgress(info, 9, value);
    options.onUploadTokenExpired(info, { code: value });
    options.onUploadFailed(info, value, value);
    info.state = value;
    uploader.cancelFile(0);
    await turn();
    assert.match((await tokens.getToken()).accessKeyId, /^STS/);
    assert.equal(tokens.status().lastError, undefined);
  }
});

test("an option that the mode has without a value is the page's", async () => {
  const asked = [];
  const uploadAuth = (request) => (asked.push(request), never());
  const uploader = createVodUploader(Vod, { uploadAuth: undefined }, { uploadAuth });
  const info = { state: "Ready", isImage: false, file };
  uploader.files.push(info);
  uploader.options.onUploadstarted(info);
  for (let n = 0; n < 100 && asked.length === 0; n++) await turn();
  assert.equal(asked.length, 1);
  uploader.dispose();
});

test("what a token manager of the page's throws is reported", async (t) => {
  const reported = [];
  globalThis.reportError = (error) => reported.push(error);
  t.after(() => delete globalThis.reportError);
  const boom = new Error("no status");
  const tokens = {
    getToken: async () => ({ accessKeyId: "STS.a", accessKeySecret: "b", securityToken: "c" }),
    status() {
      throw boom;
    },
    invalidate() {},
    prefetch() {},
  };
  const uploader = createVodUploader(Vod, tokens, { endpoint: "http://127.0.0.1:9", deadline: 200 });
  t.after(() => uploader.dispose());
  const info = { state: "Ready", isImage: false, file };
  uploader.files.push(info);
  uploader.options.onUploadstarted(info);
  for (let n = 0; n < 100 && reported.length === 0; n++) await turn();
  assert.equal(reported[0], boom);
});

test("uploaders that are gone leave nothing in the manager that they had", async () => {
  const looked = await nodeJson(
    `const { WeakRef } = globalThis;
    let looked = 0;
    globalThis.WeakRef = class extends WeakRef {
      deref() {
        looked++;
        return super.deref();
      }
    };
    const { createTokenManager } = await import("upload-token");
    const { createVodUploader } = await import("upload-token/vod");
    const { Vod } = await import("./tests/shell/facade/sdk/bare.mjs");
    const tokens = createTokenManager({ source: () => ({}) });
    const make = () => createVodUploader(Vod, tokens, { userId: "1" });
    for (let n = 0; n < 50; n++) make().dispose();
    for (let n = 0; n < 10; n++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      gc();
    }
    make();
    await new Promise((resolve) => setTimeout(resolve, 10));
    looked = 0;
    tokens.reset();
    process.stdout.write(String(looked));`,
    ["--expose-gc"],
  );
  assert(looked < 10, `${looked} were looked at`);
});
