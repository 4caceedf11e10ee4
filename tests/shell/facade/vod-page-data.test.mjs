// What a page gives with a file, and what an AppServer gives with its video: mistakes in it, and what is kept of it.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { createTokenManager } from "upload-token";
import { createVodUploader } from "upload-token/vod";

import { never } from "./support.mjs";
import { Cloud, fileOf, uploads, Vod } from "./sdk/uploads.mjs";

/** A run that ends with the first failure; resolves with the error of it. */
async function failure(on) {
  let told;
  const onUploadFailed = (info, code, message, error) => (told = { code, message, error });
  const run = uploads({ on, onUploadFailed });
  await run
    .add("a")
    .start()
    .until(() => told !== undefined);
  return told;
}

test("what cannot be sent of videoInfo is the page's error, by its name", async () => {
  const cycle = {};
  cycle.cycle = cycle;
  const bad = { UserData: cycle, Title: Object.create(null) };
  for (const [name, value] of Object.entries(bad)) {
    const onUploadstarted = ({ videoInfo }) => void (videoInfo[name] = value);
    const { code, message, error } = await failure({ onUploadstarted });
    assert.equal(code, "page_error");
    assert.match(message, new RegExp(`^info\\.videoInfo\\.${name} of a cannot be sent as text: [^\\n]* — `));
    assert.ok(error.cause instanceof TypeError);
  }
});

test("what throws when it is read of videoInfo is the page's error, too", async () => {
  const broken = new Error("not loaded yet");
  const onUploadstarted = (info) => {
    info.videoInfo = {
      get Title() {
        throw broken;
      },
    };
  };
  const { code, message, error } = await failure({ onUploadstarted });
  assert.equal(code, "page_error");
  assert.match(message, /^info\.videoInfo\.Title of a cannot be sent as text: not loaded yet — /);
  assert.equal(error.cause, broken);
});

test("a page may write into videoInfo whatever it was added with, and what it leaves empty changes nothing", async () => {
  const titles = [];
  const added = [];
  for (const paramData of [undefined, {}, { Vod: null }, { Vod: {} }, '{"UserData":{}}']) {
    for (const Title of [undefined, "Film"]) {
      const cloud = new Cloud();
      const uploadAuth = (request) => {
        const { title, fileName, signal, file, info, reason, fileSize, ...rest } = request;
        titles.push(title === (Title ?? fileName) && Object.keys(rest).length === 0);
        return cloud.uploadAuth(request);
      };
      const onUploadstarted = async (info) => {
        await null;
        if (Title) info.videoInfo.Title = Title;
      };
      const addFileSuccess = ({ videoInfo }) => added.push(videoInfo);
      const run = uploads({ uploadAuth, addFileSuccess, on: { onUploadstarted } });
      run.store.add(fileOf("a"), paramData);
      await run.start().ends("a");
    }
  }
  assert.deepEqual(titles, Array(10).fill(true));
  assert.deepEqual(
    added.map((videoInfo) => typeof videoInfo),
    Array(10).fill("object"),
  );
});

describe("what addFile cannot use is refused by name:", () => {
  const { uploader } = uploads();
  const refused = (call, message, cause) => {
    assert.throws(call, (error) => {
      assert.equal(error.code, "invalid_option");
      assert.match(error.message, message);
      if (cause) assert.ok(error.cause instanceof cause);
      return true;
    });
    assert.equal(uploader.listFiles().length, 0);
  };

  test("a Blob without a name", () => {
    refused(() => uploader.addFile(new Blob(["x"])), /^file must be a File with a name: new File\(/);
    refused(() => uploader.addFile("a.mp4"), /^file must be a File/);
  });

  test("a list of files", () => {
    refused(() => uploader.addFile([fileOf("a")]), /^file must be one File: call addFile\(\) for each/);
  });

  test("paramData that is no JSON", () => {
    const cycle = {};
    cycle.cycle = cycle;
    const add = (paramData) => () => uploader.addFile(fileOf("a"), null, null, null, paramData);
    for (const bad of [{ Vod: { CateId: 5n } }, cycle]) refused(add(bad), /^paramData must be JSON/, TypeError);
    for (const bad of [() => ({}), true, 5, "Film", "{Vod:}"]) refused(add(bad), /^paramData must be JSON/);
  });

  test("none at all is taken as by the SDK", () => {
    const { uploader } = uploads();
    assert.equal(uploader.addFile(undefined), false);
    for (const paramData of [undefined, null, ""]) {
      assert.equal(uploader.addFile(fileOf("a"), null, null, null, paramData), true);
    }
    assert.equal(uploader.addFile(Object.assign(new Blob(["x"]), { name: "x.mp4" })), true);
  });
});

describe("where a file goes:", () => {
  const endpoint = "https://oss-cn-shanghai.aliyuncs.com";
  const add = (...place) => {
    const uploader = createVodUploader(Vod, createTokenManager({ source: never }), {});
    uploader.addFile(fileOf("a"), ...place);
    const { _endpoint, _bucket, _object } = uploader.listFiles()[0];
    return [_endpoint, _bucket, _object];
  };

  test("a URL and a number are taken as texts", () => {
    assert.deepEqual(add(new URL(endpoint), "films", 12345), [endpoint, "films", "12345"]);
  });

  test("a bucket or an object without the rest is refused, and names what is missing", () => {
    for (const [place, missing] of [
      [[null, "films", "a.mp4"], "endpoint"],
      [[endpoint, "films", undefined], "object"],
      [[endpoint, "", "a.mp4"], "bucket"],
      [[undefined, undefined, "a.mp4"], "endpoint and bucket"],
    ]) {
      assert.throws(
        () => add(...place),
        ({ code, message }) => {
          assert.equal(code, "invalid_option");
          assert.ok(message.startsWith(`${missing} is missing`), message);
          return true;
        },
      );
    }
    assert.throws(() => add(endpoint, {}, "a.mp4"), { code: "invalid_option", message: /^bucket must be a text/ });
  });

  test("without a bucket and an object it is VOD's to say", () => {
    assert.deepEqual(add(null, "", undefined), [null, "", undefined]);
    assert.deepEqual(add(), [undefined, undefined, undefined]);
    assert.deepEqual(add(endpoint), [endpoint, undefined, undefined], "of VOD's own bucket");
  });
});

test("what the SDK throws while a file waits is the SDK's error", async () => {
  const broken = new Error("no list");
  const { uploadAuth } = new Cloud();
  const [code, , error] = await new Promise((resolve) => {
    const uploader = createVodUploader(Vod, {
      uploadAuth,
      onUploadstarted: () => {
        // When the SDK's own start is over, and the helper looks whether it still waits.
        queueMicrotask(() => {
          uploader.listFiles = () => {
            throw broken;
          };
        });
      },
      onUploadFailed: (info, ...told) => resolve(told),
    });
    uploader.addFile(fileOf("a"));
    uploader.startUpload();
  });
  assert.equal(code, "sdk_error");
  assert.equal(error.cause, broken);
});

test("an image that is to go on without an address fails by the AppServer's error", async () => {
  const cloud = new Cloud();
  let asked = 0;
  const uploadAuth = async (request) => {
    const answer = await cloud.uploadAuth(request);
    return ++asked === 1 ? answer : { ...answer, uploadAddress: undefined };
  };
  let told;
  const run = uploads({ uploadAuth, onUploadFailed: (info, code, message, error) => (told = { code, error }) });
  run.uploader.addFile(fileOf("a.png", 2));
  cloud.faults.push({ action: "UploadPart", times: 1, status: 403, code: "SecurityTokenExpired" });
  await run.start().until(() => told !== undefined);
  assert.equal(told.code, "invalid_response");
  assert.match(told.error.message, /^the UploadAddress cannot be read/);
  assert.ok(told.error.cause instanceof Error);
});

describe("the ticket of a video", { concurrency: 1 }, () => {
  const DAY = 24 * 3_600_000;
  const names = () => {
    const all = Array.from({ length: localStorage.length }, (_, index) => localStorage.key(index));
    return all.filter((name) => name.startsWith("upload-token ")).sort();
  };
  const empty = () => names().forEach((name) => localStorage.removeItem(name));

  /** An uploader whose AppServer gives a ticket; `asked` is what came with each request. */
  function withTickets() {
    const cloud = new Cloud({ partMs: 20 });
    const asked = [];
    const uploadAuth = async (request) => {
      asked.push(request.ticket);
      return { ...(await cloud.uploadAuth(request)), ticket: "t1.ticket" };
    };
    return Object.assign(uploads({ uploadAuth }), { asked, cloud });
  }
  const sending = (run, name) => run.until(() => run.info(name)?.loaded > 0);

  test("is kept while its file is sent, and not beyond", async () => {
    empty();
    const run = withTickets().add("a", "b", "c").start();
    await sending(run, "a");
    assert.equal(names().length, 1);
    run.uploader.cancelFile(0);
    assert.deepEqual(names(), []);
    await sending(run, "b");
    run.uploader.deleteFile(1);
    assert.deepEqual(names(), []);
    await run.ends("c");
    assert.deepEqual(names(), []);
  });

  test("is kept over a stop, and for what replaces parts that OSS has lost", async () => {
    empty();
    const run = withTickets().add("a").start();
    await sending(run, "a");
    run.uploader.stopUpload();
    assert.equal(names().length, 1);
    run.cloud.faults.push({ action: "UploadPart", times: 1, status: 404, code: "NoSuchUpload" });
    run.start();
    await run.until(() => run.info("a").state === "Uploading" && run.cloud.faults.length === 0);
    await sending(run, "a");
    assert.equal(names().length, 1);
    await run.ends("a");
    assert.deepEqual(names(), []);
  });

  test("goes with the user", async () => {
    empty();
    localStorage.setItem("upload-token former", "of the former user's page");
    localStorage.setItem("another's", "stays");
    const tokens = createTokenManager({ source: never });
    const uploader = createVodUploader(Vod, tokens, {});
    tokens.reset("scope");
    assert.equal(names().length, 1);
    tokens.reset();
    assert.deepEqual(names(), []);
    assert.equal(localStorage.getItem("another's"), "stays");
    uploader.dispose();
    tokens.close();
  });

  test("is read in its former form, and dropped after thirty days", async (t) => {
    empty();
    const run = withTickets();
    const videoId = "v9".padEnd(32, "0");
    localStorage.setItem(`upload-token ${videoId}`, "t1.former");
    run.add("a", "b");
    run.info("a").videoId = videoId;
    await run.start().ends("a");
    assert.equal(run.asked[0], "t1.former");

    localStorage.setItem("upload-token old", "never asked for again");
    const now = Date.now();
    await sending(run, "b");
    assert.ok(names().includes("upload-token old"), "its days are counted from now on");
    await run.ends("b");
    for (const [days, left] of [
      [29, true],
      [31, false],
    ]) {
      t.mock.method(Date, "now", () => now + days * DAY);
      const next = `after ${days} days`;
      await sending(run.add(next).start(), next);
      assert.equal(names().includes("upload-token old"), left, next);
      await run.ends(next);
      t.mock.restoreAll();
    }
  });
});
