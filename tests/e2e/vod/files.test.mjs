// Files that are not as the SDK and ali-oss expect them: large, twice the same, gone from the disk, frozen by a store.
import assert from "node:assert/strict";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { PART } from "../support/parts.mjs";
import { openSite } from "../support/site.mjs";
import { progress } from "../support/wait.mjs";
import { ended, open, sent, start } from "./one-page.mjs";

describe("files", () => {
  let site;
  before(async () => (site = await openSite()));
  after(() => site?.close());

  test("of more than 10,000 parts of the size that was asked for are sent in larger ones", async () => {
    const page = await open(site);
    await page.evaluate(() => {
      window.harness.ours({ parallel: 1, partSize: 102_400 });
      // The same bytes again and again: what counts is the size.
      const chunk = new Blob([new Uint8Array(10 << 20)]);
      const file = new File(Array(98).fill(chunk), "large.mp4", { type: "video/mp4" });
      window.harness.uploader.addFile(file, null, null, null, { Vod: { Title: "large" } });
      window.harness.start();
    });
    await progress(page, 3);
    await page.evaluate(() => window.harness.uploader.stopUpload());
    const report = await page.evaluate(() => window.harness.report(["large.mp4"]));
    assert.deepEqual(report.ends["large.mp4"], []);
    assert.ok((await sent(site, "UploadPart")).length >= 2);
    await page.context().close();
  });

  test("that are chosen twice are two: neither goes on with what is stored of the other", async () => {
    const faults = [{ service: "oss", action: "UploadPart", skip: 2, times: 1, status: 403, code: "AccessDenied" }];
    const page = await open(site, { faults });
    const sums = await start(page, [
      ["a.mp4", 4 * PART],
      ["a.mp4", 4 * PART],
    ]);
    assert.deepEqual((await ended(page, ["a.mp4"], 2)).ends["a.mp4"], ["Failed AccessDenied", "Succeed"]);
    await page.evaluate(() => window.harness.start());
    const report = await ended(page, ["a.mp4"], 3);
    assert.deepEqual(report.ends["a.mp4"].slice(2), ["Succeed"]);
    const ids = report.states.map(({ videoId }) => videoId);
    const objects = await site.objects();
    assert.equal(new Set(ids).size, 2, "two videos");
    assert.deepEqual(objects.map(({ videoId }) => videoId).sort(), ids.sort());
    assert.deepEqual(
      objects.map(({ sha256 }) => sha256),
      [sums["a.mp4"], sums["a.mp4"]],
    );
    assert.equal((await sent(site, "UploadPart")).length, 9, "each part once, but for the one that was refused");
    await page.context().close();
  });

  test("that cannot be read any more fail with that, and go on from their checkpoint once they are back", async () => {
    const directory = await mkdtemp(join(tmpdir(), "upload-token-"));
    const [there, gone] = ["a.mp4", "gone.mp4"].map((name) => join(directory, name));
    try {
      await writeFile(there, Buffer.alloc(6 * PART, 7));
      const page = await open(site, { config: { partDelayMs: 200 } });
      await page.setContent('<input type="file">');
      await page.setInputFiles("input", there);
      await page.evaluate(() => {
        const { harness } = window;
        harness.ours({
          parallel: 1,
          onUploadFailed(info, code, message, error) {
            window.failed = { code, message, cause: error.cause.name };
            harness.calls.push({ name: "onUploadFailed", file: info.file.name, args: [code] });
          },
        });
        harness.uploader.addFile(document.querySelector("input").files[0]);
        harness.start();
      });
      await progress(page, 3);
      await rename(there, gone);
      assert.deepEqual((await ended(page, ["a.mp4"])).ends["a.mp4"], ["Failed page_error"]);
      const failed = await page.evaluate(() => window.failed);
      assert.match(failed.message, /^a\.mp4 can no longer be read: .* choose it again/);
      assert.match(failed.cause, /^Not(Found|Readable)Error$/);
      await rename(gone, there);
      await page.evaluate(() => window.harness.start());
      assert.deepEqual((await ended(page, ["a.mp4"], 2)).ends["a.mp4"], ["Failed page_error", "Succeed"]);
      assert.equal((await sent(site, "InitiateMultipartUpload")).length, 1, "one upload");
      assert.equal((await sent(site, "UploadPart")).length, 6, "each part once");
      await page.context().close();
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test("of an iframe, and what is no file, fail with a sentence of their own", async () => {
    const page = await open(site);
    await start(page, [], {}, () => {
      window.failed = {};
      return {
        onUploadFailed(info, code, message) {
          window.failed[info.file.name] = { code, message };
          window.harness.calls.push({ name: "onUploadFailed", file: info.file.name, args: [code] });
        },
      };
    });
    await page.evaluate((size) => {
      const { uploader } = window.harness;
      const { contentWindow } = document.body.appendChild(document.createElement("iframe"));
      uploader.addFile(new contentWindow.File([new Uint8Array(size)], "framed.mp4"));
      // As a component of a library wraps it.
      uploader.addFile({ name: "wrapped.mp4", size, raw: new File([new Uint8Array(size)], "wrapped.mp4") });
      uploader.startUpload();
    }, 2 * PART);
    await ended(page, ["framed.mp4", "wrapped.mp4"]);
    const failed = await page.evaluate(() => window.failed);
    for (const name of ["framed.mp4", "wrapped.mp4"]) {
      assert.equal(failed[name].code, "page_error", name);
      assert.match(failed[name].message, /no File of this window/, name);
    }
    assert.deepEqual(page.uncaught, []);
    await page.context().close();
  });

  test("that something in the place of OSS refuses without a code fail with its status, and keep their checkpoint", async () => {
    for (const body of ["", "<html><h1>502 Bad Gateway</h1></html>"]) {
      const faults = [{ service: "oss", action: "UploadPart", skip: 2, times: 1, status: 502, body }];
      const page = await open(site, { faults });
      const sums = await start(page, [["a.mp4", 4 * PART]]);
      assert.deepEqual((await ended(page, ["a.mp4"])).ends["a.mp4"], ["Failed http"], body);
      await page.evaluate(() => window.harness.start());
      assert.deepEqual((await ended(page, ["a.mp4"], 2)).ends["a.mp4"], ["Failed http", "Succeed"], body);
      assert.equal((await site.objects())[0].sha256, sums["a.mp4"]);
      assert.equal((await sent(site, "UploadPart")).length, 5, "each part once, but for the one that was refused");
      await page.context().close();
    }
  });

  for (const callback of [
    "addFileSuccess",
    "onUploadstarted",
    "onUploadProgress",
    "onUploadFailed",
    "onUploadSucceed",
  ]) {
    test(`whose info is frozen in ${callback} are sent all the same, and told of once`, async () => {
      const faults = [{ service: "oss", action: "UploadPart", skip: 1, times: 1, status: 403, code: "AccessDenied" }];
      const page = await open(site, { faults: callback === "onUploadFailed" ? faults : [] });
      await page.evaluate((callback) => (window.callback = callback), callback);
      const names = ["a.mp4", "b.mp4"];
      const sums = await start(
        page,
        names.map((name) => [name, 4 * PART]),
        {},
        () => {
          const { harness } = window;
          window.strangers = 0;
          const freeze =
            (name) =>
            (info, ...args) => {
              if (!harness.uploader.listFiles().includes(info)) window.strangers++;
              harness.calls.push({ name, file: info.file.name, args });
              if (name === window.callback) {
                Object.freeze(info);
                Object.freeze(harness.uploader.listFiles());
              }
            };
          const names = ["addFileSuccess", "onUploadstarted", "onUploadProgress", "onUploadFailed", "onUploadSucceed"];
          return Object.fromEntries(names.map((name) => [name, freeze(name)]));
        },
      );
      await ended(page, names);
      if (callback === "onUploadFailed") await page.evaluate(() => window.harness.start());
      const report = await ended(page, names, 1);
      await ended(page, ["a.mp4"], callback === "onUploadFailed" ? 2 : 1);
      const ends = (await ended(page, names)).ends;
      assert.deepEqual(ends, {
        "a.mp4": callback === "onUploadFailed" ? ["Failed AccessDenied", "Succeed"] : ["Succeed"],
        "b.mp4": ["Succeed"],
      });
      const stored = (await site.objects()).map(({ sha256 }) => sha256);
      assert.deepEqual(stored.sort(), Object.values(sums).sort());
      assert.equal(await page.evaluate(() => window.strangers), 0, "the list holds what callbacks are given");
      assert.deepEqual([report.errors, page.uncaught], [[], []]);
      await page.context().close();
    });
  }

  test("that are frozen with all that is in them fail with that, and go on", async () => {
    const page = await open(site);
    const sums = await start(page, [["a.mp4", 4 * PART]], {}, () => {
      const frozen = (value) => {
        if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
        Object.freeze(value);
        Object.values(value).forEach(frozen);
      };
      let times = 0;
      return {
        onUploadProgress(info) {
          if (times++ === 1) frozen(info);
        },
        onUploadFailed(info, code, message) {
          window.message = message;
          window.harness.calls.push({ name: "onUploadFailed", file: info.file.name, args: [code] });
        },
      };
    });
    assert.deepEqual((await ended(page, ["a.mp4"])).ends["a.mp4"], ["Failed page_error"]);
    assert.match(await page.evaluate(() => window.message), /was frozen, as Immer and Redux Toolkit do; keep a copy/);
    await page.evaluate(() => window.harness.start());
    assert.deepEqual((await ended(page, ["a.mp4"], 2)).ends["a.mp4"], ["Failed page_error", "Succeed"]);
    assert.equal((await site.objects())[0].sha256, sums["a.mp4"]);
    assert.deepEqual(page.uncaught, []);
    await page.context().close();
  });
});
