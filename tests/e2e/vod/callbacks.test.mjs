// What pages call in their callbacks, put in their place, and return from them.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { PART } from "../support/parts.mjs";
import { openSite } from "../support/site.mjs";
import { ended, open, sent, start } from "./one-page.mjs";

describe("a page's callbacks", () => {
  let site;
  before(async () => (site = await openSite()));
  after(() => site?.close());

  test("every method that takes a credential is left to the helper, whatever a build calls it", async () => {
    const faults = [
      { service: "oss", action: "UploadPart", skip: 1, times: 1, status: 403, code: "SecurityTokenExpired" },
    ];
    const page = await open(site, { faults });
    const sums = await start(page, [["a.mp4", 4 * PART]], {}, () => {
      window.obeyed = [];
      window.harness.Vod.prototype.setUploadAuthToken = () => window.obeyed.push("setUploadAuthToken");
      return {
        onUploadTokenExpired() {
          const { uploader } = window.harness;
          uploader.resumeUploadWithToken("STS.a", "b", "c", "3600");
          uploader.init("STS.a", "b", "c", "3600");
          uploader.setUploadAuthToken("STS.a", "b", "c");
        },
      };
    });
    const report = await ended(page, ["a.mp4"]);
    assert.deepEqual(report.ends["a.mp4"], ["Succeed"]);
    assert.equal((await site.objects())[0].sha256, sums["a.mp4"]);
    assert.deepEqual(await page.evaluate(() => window.obeyed), []);
    const ignored = report.events.filter(({ type }) => type === "diagnostic").map(({ ignored }) => ignored);
    assert.deepEqual(ignored, ["resumeUploadWithToken", "init", "setUploadAuthToken"]);
    await page.context().close();
  });

  test("a promise that throws through, as jQuery 1 and 2 made them, fails the file at once", async () => {
    const page = await open(site);
    await start(page, [["a.mp4", PART]], { deadline: 20_000 }, () => {
      /** A thenable that calls at once, in the turn of whoever settles it, and catches nothing. */
      const deferred = () => {
        const refused = [];
        const promise = { then: (_, refuse) => (refused.push(refuse), promise) };
        return { promise, reject: (...args) => refused.forEach((refuse) => refuse(...args)) };
      };
      return {
        onUploadstarted() {
          const { promise, reject } = deferred();
          setTimeout(() => reject({ status: 500 }, "error", "Internal Server Error"), 100);
          return promise;
        },
      };
    });
    const from = performance.now();
    assert.deepEqual((await ended(page, ["a.mp4"])).ends["a.mp4"], ["Failed page_error"]);
    assert.ok(performance.now() - from < 10_000, "not at the deadline");
    assert.deepEqual(page.uncaught, []);
    await page.context().close();
  });

  const both = ["a.mp4", "b.mp4"].map((name) => [name, 2 * PART]);

  for (const [what, options, set] of [
    [
      "set one by one",
      {},
      (options, own) => Object.entries(own).forEach(([name, callback]) => (options[name] = callback)),
    ],
    ["assigned", {}, (options, own) => Object.assign(options, own)],
    ["put in the place of all options", {}, (_, own) => (window.harness.uploader.options = own)],
    [
      "wrapped around the former ones",
      { callbacks: "none" },
      (options, own) => {
        for (const [name, callback] of Object.entries(own)) {
          const former = options[name];
          options[name] = (...args) => (former(...args), callback?.(...args));
        }
      },
    ],
  ]) {
    test(`that are ${what} on uploader.options are called, and the helper's stay`, async () => {
      const faults = [
        { service: "oss", action: "UploadPart", skip: 1, times: 1, status: 403, code: "SecurityTokenExpired" },
        { service: "oss", action: "UploadPart", skip: 3, times: 1, status: 404, code: "NoSuchUpload" },
      ];
      const page = await open(site, { faults });
      const sums = await page.evaluate(
        async ([options, set, size]) => {
          const { harness } = window;
          harness.ours({ parallel: 1, deadline: 5000, ...options });
          harness.silent = false;
          const names = ["onUploadstarted", "onUploadSucceed", "onUploadFailed", "onUploadTokenExpired", "onUploadEnd"];
          const own = Object.fromEntries(
            names.map((name) => [name, (info, ...args) => harness.calls.push({ name, file: info?.file.name, args })]),
          );
          eval(set)(harness.uploader.options, { ...own, onUploadProgress: undefined });
          const sums = await harness.add("a.mp4", size);
          harness.start();
          return sums;
        },
        [options, set.toString(), 4 * PART],
      );
      const report = await ended(page, ["a.mp4"]);
      const calls = report.calls.filter((line) => /a\.mp4/.test(line) && !/^addFile|Progress/.test(line));
      assert.deepEqual(calls, [
        "onUploadstarted a.mp4",
        "onUploadTokenExpired a.mp4",
        "onUploadstarted a.mp4",
        "onUploadSucceed a.mp4",
      ]);
      assert.equal((await site.objects())[0].sha256, sums);
      assert.deepEqual([report.errors, page.uncaught], [[], []]);
      await page.context().close();
    });
  }

  test("a region that is set before the first file starts is asked; one that is none fails the file by name", async () => {
    const page = await open(site);
    await page.evaluate(async (size) => {
      window.harness.ours({ parallel: 1 });
      window.harness.uploader.options.region = "oss-cn-beijing";
      await window.harness.add("a.mp4", size);
      window.harness.start();
    }, PART);
    assert.deepEqual((await ended(page, ["a.mp4"])).ends["a.mp4"], ["Failed invalid_option"]);
    const asked = page.waitForRequest((request) => new URL(request.url()).host === "vod.cn-beijing.aliyuncs.com");
    await page.evaluate(() => {
      window.harness.uploader.options.region = "cn-beijing";
      window.harness.start();
    });
    await asked;
    await page.context().close();
  });

  for (const [method, ...args] of [["cleanList"], ["cancelFile", 0], ["deleteFile", 0]]) {
    test(`${method}() in onUploadstarted of the only file leaves an uploader that starts another`, async () => {
      const page = await open(site);
      await page.evaluate((call) => (window.call = call), [method, args]);
      await start(page, [["a.mp4", PART]], {}, () => ({
        onUploadstarted({ file }) {
          const [method, args] = window.call;
          if (file.name === "a.mp4") window.harness.uploader[method](...args);
        },
      }));
      await page.evaluate(async (size) => {
        await new Promise((done) => setTimeout(done, 500));
        await window.harness.add("b.mp4", size);
        window.harness.start();
      }, PART);
      const report = await ended(page, ["b.mp4"]);
      assert.deepEqual(report.ends["b.mp4"], ["Succeed"]);
      assert.equal((await site.objects()).length, 1);
      assert.deepEqual([report.errors, page.uncaught], [[], []]);
      await page.context().close();
    });
  }

  for (const [method, ...args] of [
    ["cancelFile", 0],
    ["deleteFile", 0],
  ]) {
    test(`${method}() in onUploadstarted of the first file: the second is sent`, async () => {
      const page = await open(site);
      await page.evaluate((call) => (window.call = call), [method, args]);
      await start(page, both, {}, () => ({
        onUploadstarted({ file }) {
          const [method, args] = window.call;
          if (file.name === "a.mp4") window.harness.uploader[method](...args);
        },
      }));
      assert.deepEqual((await ended(page, ["b.mp4"])).ends["b.mp4"], ["Succeed"]);
      assert.equal((await site.objects()).length, 1);
      await page.context().close();
    });
  }

  for (const name of ["a.mp4", "b.mp4"]) {
    test(`stopUpload() in onUploadstarted of ${name} stops, and startUpload() goes on`, async () => {
      const page = await open(site);
      await page.evaluate((name) => (window.stopAt = name), name);
      await start(page, both, {}, () => ({
        onUploadstarted({ file }) {
          if (file.name !== window.stopAt) return;
          window.stopAt = undefined;
          window.harness.uploader.stopUpload();
        },
      }));
      await page.waitForFunction(() => window.stopAt === undefined);
      await page.waitForTimeout(1500);
      const sentBefore = (await site.objects()).length;
      assert.equal(sentBefore, name === "a.mp4" ? 0 : 1);
      const stopped = await page.evaluate(() => window.harness.report(["a.mp4", "b.mp4"]));
      assert.deepEqual(stopped.ends[name], []);
      await page.evaluate(() => window.harness.start());
      const report = await ended(page, ["a.mp4", "b.mp4"]);
      assert.deepEqual(report.ends, { "a.mp4": ["Succeed"], "b.mp4": ["Succeed"] });
      await page.context().close();
    });
  }

  for (const [whose, fault] of [
    ["the helper's", { service: "app", status: 401 }],
    ["VOD's", { service: "vod", status: 403, code: "Forbidden.SubUser" }],
    ["OSS's", { service: "oss", action: "UploadPart", status: 403, code: "AccessDenied" }],
  ]) {
    test(`stopUpload() in onUploadFailed holds after a failure of ${whose}, and startUpload() goes on`, async () => {
      const page = await open(site, { faults: [{ times: -1, ...fault }] });
      await start(page, both, {}, () => ({
        onUploadFailed({ file }, code) {
          window.harness.calls.push({ name: "onUploadFailed", file: file.name, args: [code] });
          window.harness.uploader.stopUpload();
        },
      }));
      await ended(page, ["a.mp4"]);
      await page.waitForTimeout(1000);
      const stopped = await page.evaluate(() => window.harness.report(["a.mp4", "b.mp4"]));
      assert.deepEqual([stopped.ends["a.mp4"].length, stopped.ends["b.mp4"]], [1, []]);
      await site.control("DELETE", "faults");
      await page.evaluate(() => window.harness.start());
      await ended(page, ["a.mp4"], 2);
      const report = await ended(page, ["a.mp4", "b.mp4"]);
      assert.deepEqual([report.ends["a.mp4"].at(-1), report.ends["b.mp4"]], ["Succeed", ["Succeed"]]);
      assert.deepEqual(page.uncaught, []);
      await page.context().close();
    });
  }
});
