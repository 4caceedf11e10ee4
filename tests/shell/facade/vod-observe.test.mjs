// The state of an uploader as a user interface has it, with the real SDK.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { createTokenManager } from "upload-token";
import { createVodUploader } from "upload-token/vod";

import { fileOf, sleep, uploads, Vod } from "./sdk/uploads.mjs";

describe("a listener", { concurrency: true }, () => {
  test("that starts what is ready, or disposes of the uploader, is not called for that alone", async () => {
    for (const act of [({ store }) => store.start(), ({ uploader }) => uploader.dispose()]) {
      const run = uploads();
      let calls = 0;
      run.store.subscribe(() => {
        // A page would hang.
        if (++calls < 1000) act(run);
      });
      run.add("a");
      await sleep(300);
      assert.ok(calls < 20, `${calls} calls`);
    }
  });

  test("hears each snapshot once, also if somebody has read it before", async () => {
    const run = uploads();
    const snapshots = [];
    run.store.subscribe(() => snapshots.push(run.store.getSnapshot()));
    run.add("a");
    const read = run.store.getSnapshot();
    await sleep(1);
    assert.deepEqual(snapshots, [read]);
  });

  test("sees it active from the start to the end of the last file", async () => {
    const run = uploads({ cloud: { authMs: () => 20 } }).add("a", "b", "c");
    run.cloud.faults.push({ action: "UploadPart", times: 1, status: 403, code: "SecurityTokenExpired" });
    run.cloud.faults.push({ action: "UploadPart", times: 1, status: 403, code: "InvalidSecurityToken" });
    const seen = [];
    run.store.subscribe(() => seen.push(run.store.getSnapshot().active));
    await run.start().hears("End");
    await sleep(1);
    assert.equal(seen.lastIndexOf(true) + 1, seen.indexOf(false));
  });
});

test("an empty file has the next id, and tells why it is none to send", async () => {
  const run = uploads();
  run.store.add([fileOf("a"), fileOf("empty", 0), fileOf("b")]);
  const { files } = run.store.getSnapshot();
  assert.deepEqual(
    files.map(({ id, name, error }) => [id, name, error?.code]),
    [
      [1, "a", undefined],
      [2, "empty", "EmptyFile"],
      [3, "b", undefined],
    ],
  );
});

test("with perFile no two files of a token manager share a scope", async () => {
  const scopes = [];
  const tokens = createTokenManager({ source: ({ scope }) => scopes.push(scope) && Promise.reject(new Error("none")) });
  const ended = [1, 2].map((n) => {
    return new Promise((onUploadFailed) => {
      const uploader = createVodUploader(Vod, tokens, { perFile: true, deadline: 100, onUploadFailed });
      uploader.addFile(fileOf(`${n}`));
      uploader.startUpload();
    });
  });
  // The module's timers alone do not keep Node alive.
  await Promise.all([...ended, sleep(400)]);
  assert.deepEqual([...new Set(scopes)].sort(), ["file:1", "file:2"]);
  tokens.close();
});

test("after a reset the page names the scopes anew", async () => {
  let user = "alice";
  const asked = [];
  const tokens = createTokenManager({ source: ({ scope }) => new Promise(() => asked.push(scope)) });
  const uploader = createVodUploader(Vod, tokens, { perFile: () => user });
  uploader.addFile(fileOf("a"));
  uploader.startUpload();
  await sleep(100);
  user = "bob";
  asked.length = 0;
  tokens.reset();
  uploader.startUpload();
  await sleep(100);
  assert.ok(asked.includes("bob"));
  uploader.dispose();
  tokens.close();
});

test("onTokenEvent may be replaced, wrapped around the former, and taken away", async () => {
  const heard = [];
  const run = uploads({ onTokenEvent: ({ type }) => heard.push(`first ${type}`) });
  const { options } = run.uploader;
  const former = options.onTokenEvent;
  options.onTokenEvent = (event) => (former(event), heard.push(`then ${event.type}`));
  await run.add("a").start().ends("a");
  assert.deepEqual(
    heard,
    ["token", "started"].flatMap((type) => [`first ${type}`, `then ${type}`]),
  );
  options.onTokenEvent = undefined;
  await run.add("b").start().ends("b");
  assert.equal(heard.length, 4);
});
