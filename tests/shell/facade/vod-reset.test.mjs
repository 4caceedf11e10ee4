// The user changes while files are in the list, with the real SDK: what was the former one's is not sent as the next one's.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { createTokenManager } from "upload-token";

import { never } from "./support.mjs";
import { sleep, uploads, vod } from "./sdk/uploads.mjs";

globalThis.fetch = vod;

/** An uploader in STS mode; `signIn()` says whose tokens the AppServer gives, by their names. */
function signedIn({ user = "alice", ...options } = {}) {
  const expiration = new Date(Date.now() + 3_600_000).toISOString();
  const source = () => ({ AccessKeyId: `STS.${user}`, AccessKeySecret: "s", SecurityToken: "t", expiration });
  const tokens = createTokenManager({ source });
  const run = uploads({ cloud: { partMs: 30 }, tokens, ...options });
  return Object.assign(run, { tokens, signIn: (name) => (user = name) });
}

const failed = ({ told }) => told.filter((line) => line.startsWith("Failed"));
const shown = ({ store }) => store.getSnapshot().files.map(({ name, state }) => `${name} ${state}`);

describe("after a reset", { concurrency: true }, () => {
  test("the former user's files that wait in the queue are not sent by themselves; a start sends them", async () => {
    const run = signedIn().add("one", "two", "three").start();
    await run.until(() => run.info("one").loaded > 0);
    run.signIn("bob");
    run.tokens.reset();
    await sleep(300);
    assert.deepEqual(failed(run), ["Failed one reset"]);
    assert.deepEqual(run.cloud.asked, ["STS.alice one"]);
    assert.deepEqual(shown(run), ["one Failure", "two Stoped", "three Stoped"]);
    assert.equal(run.store.getSnapshot().active, false);
    await run.start().ends("one", "two", "three");
    assert.deepEqual(run.cloud.asked, ["STS.alice one", "STS.bob one", "STS.bob two", "STS.bob three"]);
  });

  test("so it is between two files, and cleanList() drops them", async () => {
    const run = signedIn({ on: { onUploadSucceed: () => setTimeout(() => run.tokens.reset(), 20) } });
    let calls = 0;
    run.add("one", "two").start();
    run.store.subscribe(() => calls++);
    await run.ends("one");
    await sleep(300);
    assert.deepEqual(shown(run), ["one Success", "two Stoped"]);
    assert.equal(run.store.getSnapshot().active, false);
    assert.deepEqual(failed(run), []);
    assert.ok(calls > 0);
    run.uploader.cleanList();
    await run.add("three").start().ends("three");
    assert.deepEqual(run.cloud.asked, ["STS.alice one", "STS.alice three"]);
  });

  test("a start between two files takes up those that were put off, whenever it comes", async () => {
    for (const ms of [0, 50, 150]) {
      const reset = async () => {
        await sleep(20);
        run.signIn("bob");
        run.tokens.reset();
        if (ms > 0) await sleep(ms);
        run.start();
      };
      const run = signedIn({ on: { onUploadSucceed: ({ file }) => file.name === "one" && reset() } });
      await run.add("one", "two", "three").start().ends("two", "three");
      assert.deepEqual(run.cloud.asked, ["STS.alice one", "STS.bob two", "STS.bob three"]);
      assert.deepEqual(failed(run), []);
    }
  });

  test("of one scope the files of the others go on", async () => {
    const run = signedIn({ perFile: true }).add("one", "two", "three").start();
    await run.until(() => run.info("one").loaded > 0);
    run.tokens.reset("file:2");
    await run.ends("one", "three");
    assert.deepEqual(failed(run), []);
    assert.deepEqual(shown(run), ["one Success", "two Stoped", "three Success"]);

    run.add("four").start();
    await run.until(() => run.info("two").loaded > 0);
    run.tokens.reset("file:2");
    await run.hears("End");
    assert.deepEqual(failed(run), ["Failed two reset"]);
    await run.start().ends("two", "four");
  });

  test("a file that its page's promise holds up fails, and VOD is not told of it", async () => {
    let settle;
    const on = { onUploadstarted: () => new Promise((resolve) => (settle = resolve)) };
    const run = signedIn({ on }).add("one", "two").start();
    await run.until(() => settle);
    await run.tokens.getToken();
    run.signIn("bob");
    run.tokens.reset();
    assert.deepEqual(failed(run), ["Failed one reset"]);
    settle();
    await sleep(200);
    assert.deepEqual(run.cloud.asked, []);
    assert.deepEqual(shown(run), ["one Failure", "two Stoped"]);
  });

  test("a page that starts as soon as it is told sends each file once, as the next user's", async () => {
    let left = 5;
    const onUploadFailed = (info, { uploader }) => left-- > 0 && uploader.startUpload();
    const on = { onUploadFailed, onUploadstarted: () => sleep(20) };
    const run = signedIn({ on }).add("one", "two").start();
    await sleep(5);
    run.signIn("bob");
    run.tokens.reset();
    await run.ends("one", "two");
    assert.deepEqual(failed(run), ["Failed one reset"]);
    assert.deepEqual(run.cloud.asked, ["STS.bob one", "STS.bob two"]);
  });
});

test("a reset while the module is still loaded fails the file that waits for it", async () => {
  const tokens = createTokenManager({ source: never, wasm: never });
  const run = uploads({ tokens }).add("one").start();
  await null;
  tokens.reset();
  assert.deepEqual(failed(run), ["Failed one reset"]);
  assert.equal(run.info("one").state, "Failure");
  run.uploader.dispose();
  tokens.close();
});
