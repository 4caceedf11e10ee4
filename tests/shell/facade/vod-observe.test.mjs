// The state of an uploader as a user interface has it, with the real SDK.
import assert from "node:assert/strict";
import { afterEach, before, beforeEach, describe, test } from "node:test";

import FakeTimers from "@sinonjs/fake-timers";
import { createTokenManager } from "upload-token";
import { createVodUploader } from "upload-token/vod";

import { FAKED } from "./clock.mjs";
import { never, node, until } from "./support.mjs";
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
      assert.ok(calls > 0 && calls < 20, `${calls} calls`);
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

describe("a speed", () => {
  // Loading the module takes time that no clock of a test can let pass.
  before(() => uploads().add("first").start().ends("first"));

  let clock;
  beforeEach(() => (clock = FakeTimers.install({ now: Date.UTC(2030, 0, 1), toFake: FAKED })));
  afterEach(() => clock.uninstall());

  /** Lets time pass until `test` holds. */
  async function pass(test) {
    for (let ms = 0; !test(); ms += 5) {
      assert.ok(ms < 60_000, `never: ${test}`);
      await clock.tickAsync(5);
    }
  }

  /** An upload of which nothing is heard any more, after some of its parts. */
  async function stalled(run = uploads({ cloud: { partMs: 200 } })) {
    let silent = false;
    run.store.add(fileOf("a", 6));
    run.start();
    await pass(() => run.status("a").speed > 0);
    run.cloud.answer = () => ((silent = true), never());
    // The part that is under way arrives.
    await pass(() => silent);
    return run;
  }
  const shown = (run) => run.status("a").speed ?? 0;

  test("falls while nothing arrives, and whoever subscribed is told", async () => {
    const run = uploads({ cloud: { partMs: 200 } });
    const heard = [];
    run.store.subscribe(() => heard.push(run.status("a")));
    await stalled(run);
    const before = heard.length;
    await clock.tickAsync(2_900);
    const told = heard.slice(before);
    assert.ok(told.length >= 2 && told.length <= 3, `${told.length} calls`);
    const all = [heard[before - 1], ...told];
    for (const [index, { speed, timeLeft }] of told.entries()) {
      assert.ok(speed < all[index].speed && timeLeft > all[index].timeLeft, `${all[index].speed} B/s, then ${speed}`);
    }
    run.uploader.dispose();
  });

  test("falls also for one who only reads", async () => {
    const run = await stalled();
    const first = shown(run);
    assert.equal(run.store.getSnapshot(), run.store.getSnapshot());
    await clock.tickAsync(1_500);
    assert.ok(shown(run) < first, `${first} B/s, then ${shown(run)}`);
    run.uploader.dispose();
  });

  test("ends after ten seconds of silence, and with it the calls", async () => {
    const run = await stalled();
    let calls = 0;
    const end = run.store.subscribe(() => calls++);
    await clock.tickAsync(9_500);
    assert.ok(shown(run) > 0);
    await clock.tickAsync(1_500);
    assert.equal(run.status("a").state, "Uploading");
    assert.equal(run.status("a").speed, undefined);
    assert.equal(run.status("a").timeLeft, undefined);
    assert.ok(calls >= 10 && calls <= 11, `${calls} calls`);
    const before = calls;
    await clock.tickAsync(5_000);
    assert.equal(calls, before);
    end();
    run.uploader.dispose();
  });
});

test("a speed that is shown keeps no process alive", async () => {
  const text = `
    import { fileOf, uploads } from "./tests/shell/facade/sdk/uploads.mjs";
    const run = uploads({ cloud: { partMs: 200 } });
    run.store.subscribe(() => {});
    run.store.add(fileOf("a", 6));
    run.start();
    await run.until(() => run.status("a").speed > 0);
    run.cloud.answer = () => new Promise(() => {});
    const stalled = performance.now();
    process.on("exit", () => console.log(performance.now() - stalled));
  `;
  const { code, stdout, stderr } = await node(text);
  assert.equal(code, 0, stderr);
  // The ten seconds in which it falls are not waited for.
  assert.ok(stdout.trim() !== "" && Number(stdout) < 5000, stdout);
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

test("a file is removed, and no other, where the page sorts the list while it is cancelled", async () => {
  const onUploadstarted = ({ file }, { uploader }) => file.name === "b" && uploader.listFiles().reverse();
  const run = uploads({ cloud: { partMs: 30 }, on: { onUploadstarted } })
    .add("a", "b", "c")
    .start();
  await run.until(() => run.info("a").loaded > 0);
  run.store.remove(1);
  assert.deepEqual(Object.keys(run.states()), ["c", "b"]);
  await run.ends("b", "c");
});

test("with perFile no two files of a token manager share a scope", async () => {
  const scopes = [];
  const tokens = createTokenManager({ source: ({ scope }) => (scopes.push(scope), never()) });
  const uploaders = [1, 2].map((n) => {
    const uploader = createVodUploader(Vod, tokens, { perFile: true });
    uploader.addFile(fileOf(`${n}`));
    uploader.startUpload();
    return uploader;
  });
  await until(() => scopes.length >= 2);
  assert.deepEqual(scopes.sort(), ["file:1", "file:2"]);
  for (const uploader of uploaders) uploader.dispose();
  tokens.close();
});

test("after a reset the page names the scopes anew", async () => {
  let user = "alice";
  const asked = [];
  const tokens = createTokenManager({ source: ({ scope }) => (asked.push(scope), never()) });
  const uploader = createVodUploader(Vod, tokens, { perFile: () => user });
  uploader.addFile(fileOf("a"));
  uploader.startUpload();
  await until(() => asked.includes("alice"));
  user = "bob";
  tokens.reset();
  uploader.startUpload();
  await until(() => asked.includes("bob"));
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
