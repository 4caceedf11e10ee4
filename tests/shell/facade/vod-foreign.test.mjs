// Managers that are not of this copy of the package, with the real SDK: another copy's, a wrapped one, and a page's own.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";

import { createTokenManager } from "upload-token";
import { createVodUploader } from "upload-token/vod";
import { reactive } from "vue";

import { counting, never, until } from "./support.mjs";
import { fileOf, uploads, vod, Vod } from "./sdk/uploads.mjs";

test("of a manager that a page has made tokens are all that is needed", async (t) => {
  const reported = [];
  globalThis.reportError = (error) => reported.push(error);
  t.after(() => delete globalThis.reportError);
  globalThis.fetch = vod;
  const own = createTokenManager({ source: counting() });
  t.after(() => own.close());
  const getToken = (options) => own.getToken(options);
  const run = uploads({ tokens: { getToken }, perFile: true });
  await run.add("a", "b").start().ends("a", "b");
  assert.deepEqual(run.cloud.asked, ["STS.Key1 a", "STS.Key2 b"]);
  assert.deepEqual(reported, []);

  const broken = new Error("not in this test");
  const peek = () => assert.fail(broken);
  const mocked = uploads({ tokens: { getToken, peek, status: () => undefined, prefetch: () => undefined } });
  await mocked.add("c").start().ends("c");
  assert.deepEqual(reported, [broken]);
});

test("in direct mode a token whose manager does not say how long it serves has the life that is assumed", async (t) => {
  const own = createTokenManager({ source: counting() });
  t.after(() => own.close());
  const getToken = (options) => own.getToken(options);
  for (const [validFor, least, most] of [
    [undefined, 800_000, 900_000],
    [NaN, 800_000, 900_000],
    [-1, 800_000, 900_000],
    [60_000, 40_000, 60_000],
  ]) {
    const events = [];
    const onTokenEvent = (event) => events.push(event);
    const run = uploads({ tokens: { getToken, status: () => ({ validFor }) }, onTokenEvent });
    run.uploader.addFile(fileOf("a"), "https://oss-cn-shanghai.aliyuncs.com", run.cloud.bucket, "a");
    await run.start().until(() => events.length > 0);
    const [{ type, validFor: left }] = events;
    assert.equal(type, "token");
    assert.ok(left > least && left <= most, `${validFor}: ${left} ms`);
    run.uploader.dispose();
  }
});

test("whatever copy of the package, and whatever wraps the manager: with perFile no two files share a scope", async (t) => {
  const other = createRequire(import.meta.url)("upload-token/vod");
  const scopes = [];
  const tokens = createTokenManager({ source: ({ scope }) => (scopes.push(scope), never()) });
  t.after(() => tokens.close());
  const made = [
    [createVodUploader, tokens],
    [createVodUploader, reactive(tokens)],
    [createVodUploader, new Proxy(tokens, {})],
    [other.createVodUploader, tokens],
  ];
  for (const [make, manager] of made) {
    const uploader = make(Vod, manager, { perFile: true });
    t.after(() => uploader.dispose());
    uploader.addFile(fileOf("a"));
    uploader.startUpload();
  }
  await until(() => scopes.length >= made.length);
  assert.deepEqual(scopes.sort(), ["file:1", "file:2", "file:3", "file:4"]);
});
