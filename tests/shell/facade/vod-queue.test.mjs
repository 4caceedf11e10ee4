// The SDK's queue, with the real SDK: what a page does to it between two files, and to the list.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { PART, fileOf, sleep, uploads } from "./sdk/uploads.mjs";

const refusal = { action: "UploadPart", times: 1, status: 403, code: "AccessDenied" };
const expiry = { ...refusal, code: "SecurityTokenExpired" };
const failures = ({ told }) => told.filter((line) => line.startsWith("Failed"));

/** The page takes a file out of the list that has ended. */
const remove = (info, { uploader }) => uploader.deleteFile(uploader.listFiles().indexOf(info));

describe("a start between two files", { concurrency: true }, () => {
  for (const [what, ms] of [
    ["at once", 0],
    ["20 ms later", 20],
  ]) {
    test(`after onUploadSucceed, ${what}, with the file deleted`, async () => {
      const onUploadSucceed = async (info, run) => {
        if (ms > 0) await sleep(ms);
        remove(info, run);
        run.start();
      };
      const run = uploads({ on: { onUploadSucceed } }).add("a", "b", "c").start();
      await run.hears("End");
      assert.deepEqual([failures(run), run.states()], [[], {}]);
    });
  }

  test("while a file that the helper put back waits for its turn", async () => {
    const run = uploads().add("a", "b");
    run.cloud.faults.push({ ...refusal, code: "InvalidSecurityToken" });
    run.start();
    await run.until(() => run.cloud.log.some(({ status }) => status === 403));
    await sleep(15);
    run.add("c").start();
    await run.ends("a", "b", "c");
    assert.deepEqual(failures(run), []);
  });

  test("in onUploadstarted, where the page cancels the file, and resumes it", async () => {
    let once = true;
    const onUploadstarted = (info, { uploader }) => {
      if (!once) return;
      once = false;
      uploader.cancelFile(0);
      uploader.resumeFile(0);
    };
    const run = uploads({ on: { onUploadstarted } }).add("a", "b").start();
    await run.ends("a", "b");
    assert.deepEqual(failures(run), []);
  });
});

describe("a page that changes the list itself", { concurrency: true }, () => {
  for (const [what, change] of [
    ["reverses it", (list) => list.reverse()],
    ["sorts it", (list) => list.sort((one, other) => (one.file.name < other.file.name ? 1 : -1))],
    ["takes out the row before", (list) => list.splice(0, 1)],
    ["moves a row", (list) => list.push(...list.splice(1, 1))],
  ]) {
    for (const when of ["waits", "is sent"]) {
      test(`${what} while a file ${when}`, async () => {
        const run = uploads({ cloud: { partMs: 20, authMs: () => 40 } }).add("x", "a", "b", "c");
        run.uploader.cancelFile(0);
        run.start();
        await run.until(() => (when === "waits" ? run.status("a").waiting : run.info("a").state === "Uploading"));
        change(run.uploader.listFiles());
        await run.ends("a", "b", "c");
        await run.hears("End");
        assert.deepEqual(failures(run), []);
      });
    }
  }

  test("takes out the very row that is sent, or waits for another credential: it is told of, and the rest goes on", async () => {
    for (const faults of [[], [expiry]]) {
      const run = uploads({ cloud: { partMs: 20, authMs: () => 40 } }).add("a", "b");
      run.cloud.faults.push(...faults);
      run.start();
      await run.until(() => run.info("a").state === (faults.length > 0 ? "Failure" : "Uploading"));
      run.uploader.listFiles().splice(0, 1);
      await run.hears("Succeed a");
      await run.ends("b");
      assert.deepEqual(failures(run), []);
    }
  });

  test("and then cancels, or deletes: the row that it names", async () => {
    for (const method of ["cancelFile", "deleteFile"]) {
      const run = uploads({ cloud: { partMs: 30 } })
        .add("a", "b", "c")
        .start();
      await run.until(() => run.info("b").state === "Uploading");
      run.uploader.listFiles().reverse();
      assert.ok(run.uploader[method](1));
      await run.ends("a", "c");
      assert.notEqual(run.states().b, "Success");
    }
  });

  test("a list that was taken out of from within stops, and starts again", async () => {
    const run = uploads({ cloud: { partMs: 30 } })
      .add("a", "b")
      .start();
    await run.until(() => run.info("a").state === "Uploading");
    run.uploader.listFiles().length = 0;
    run.uploader.stopUpload();
    run.add("c").start();
    await run.ends("c");
  });
});

describe("a file that is tried again", { concurrency: true }, () => {
  /** A file that was refused, and others that were stored since. */
  async function refused() {
    const run = uploads().add("a", "b");
    run.cloud.faults.push({ ...refusal });
    run.start();
    await run.hears("End");
    assert.deepEqual(run.states(), { a: "Failure", b: "Success" });
    return run;
  }

  test("after the others are done", async () => {
    const run = await refused();
    run.store.retry(1);
    await run.ends("a");
    assert.deepEqual(failures(run), ["Failed a AccessDenied"]);
  });

  test("after it was cancelled, as the only one and before the first start", async () => {
    const run = uploads().add("a");
    run.store.cancel(1);
    run.store.retry(1);
    await run.ends("a");
  });

  test("starts no other, neither before it nor after it; a start does", async () => {
    const run = uploads({ cloud: { partMs: 20 } }).add("a", "b", "c");
    run.store.cancel(3);
    run.start();
    await run.until(() => run.info("a").state === "Uploading");
    run.store.stop();
    run.store.retry(3);
    await run.ends("c");
    await sleep(150);
    assert.deepEqual(run.states(), { a: "Stoped", b: "Ready", c: "Success" });
    assert.equal(run.store.getSnapshot().active, false);
    run.start();
    await run.ends("a", "b");
  });

  test("while its credential is replaced is being tried: it is left alone, and shown so", async () => {
    const run = uploads({ cloud: { authMs: () => 60 } }).add("a", "b");
    run.cloud.faults.push({ ...expiry });
    run.start();
    await run.until(() => run.info("a").state === "Failure");
    const { active, files } = run.store.getSnapshot();
    const { state, waiting, error } = files[0];
    assert.deepEqual(
      { active, state, waiting, error },
      { active: true, state: "Uploading", waiting: true, error: undefined },
    );
    run.store.retry(1);
    await run.ends("a", "b");
    assert.deepEqual(run.told, ["started a", "Succeed a", "started b", "Succeed b"]);
  });

  test("while another waits for its credential comes after that", async () => {
    const run = uploads({ cloud: { authMs: () => 60 } }).add("a", "b");
    run.uploader.cancelFile(1);
    run.cloud.faults.push({ ...expiry });
    run.start();
    await run.until(() => run.info("a").state === "Failure");
    run.store.retry(2);
    await run.hears("End");
    assert.deepEqual(run.told, ["started a", "Succeed a", "started b", "Succeed b", "End"]);
  });

  test("and lost by the SDK without a word, beside a small one: it ends with a code", async () => {
    const run = uploads();
    run.uploader.addFile(fileOf("large", 3));
    run.uploader.addFile(fileOf("small", 0.5));
    run.cloud.faults.push({ action: "UploadPart", silent: true, times: 9 });
    run.start();
    await run.hears("End");
    assert.deepEqual(failures(run), ["Failed large upload_lost"]);
    assert.deepEqual(run.told.slice(-2), ["Succeed small", "End"]);
  });
});

test("in onUploadstarted all files are as they are, and what the page does to them holds", async () => {
  const seen = [];
  const onUploadstarted = (info, run) => {
    if (info.file.name !== "b") return;
    run.cloud.refuse = undefined;
    seen.push(run.states());
    run.uploader.cancelFile(0);
  };
  const run = uploads({ on: { onUploadstarted }, deadline: 100 }).add("a", "b");
  run.cloud.refuse = () => true;
  run.start();
  await run.ends("b");
  assert.deepEqual(seen, [{ a: "Failure", b: "Ready" }]);
  assert.equal(run.states().a, "Canceled");
});

test("a file that is cancelled and resumed begins anew: OSS has dropped its parts", async () => {
  for (const ms of [0, 60]) {
    const run = uploads({ cloud: { partMs: 20 } });
    run.uploader.addFile(fileOf("a", 5));
    run.start();
    await run.until(() => run.cloud.log.filter(({ action }) => action === "UploadPart").length > 2);
    run.uploader.cancelFile(0);
    if (ms > 0) await sleep(ms);
    run.uploader.resumeFile(0);
    run.start();
    await run.ends("a");
    const { log } = run.cloud;
    const dropped = log.findIndex(({ action }) => action === "AbortMultipartUpload");
    assert.ok(dropped > 0);
    assert.ok(!log.slice(dropped + 1).some(({ uploadId }) => uploadId === log[dropped].uploadId));
    assert.deepEqual([...run.cloud.objects.values()], [{ size: 5 * PART, times: 1 }]);
  }
});

test("stopUpload() throws nothing where the failed file was deleted", async () => {
  const run = uploads().add("a");
  run.cloud.faults.push({ ...refusal });
  run.start();
  await run.hears("Failed a AccessDenied");
  run.uploader.deleteFile(0);
  run.uploader.stopUpload();
  await run.add("b").start().ends("b");
});

test("an image that is issued anew goes to the object of that name, whatever letters it has", async () => {
  const run = uploads();
  run.uploader.addFile(fileOf("图.png", 3));
  run.cloud.faults.push({ ...expiry });
  await run.start().ends("图.png");
  assert.match([...run.cloud.objects.keys()].join(), /^sv\/v\w+\/图\.png$/);
});
