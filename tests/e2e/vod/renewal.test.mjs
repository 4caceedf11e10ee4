// Uploads that outlive their credentials: the main job, and why it needs doing.
import assert from "node:assert/strict";
import { after, describe } from "node:test";

import { expiries, figures, refusals } from "../support/figures.mjs";
import { PAGES } from "../support/site.mjs";
import { Sites } from "../support/sites.mjs";

/** Parts as the SDK makes them by itself. */
const MB = 1 << 20;
/** A busy machine keeps a page waiting for some seconds at times, and a renewal begins with a third of this left. */
const LIFE = 12_000;

/** They mostly wait. */
const AT_A_TIME = 4;

describe("an upload outlives its credentials", { concurrency: AT_A_TIME }, () => {
  const sites = new Sites();
  after(() => sites.close());

  /** Uploads `files` ([name, size] each) with short lives; resolves with the page's report, the log and what was stored. */
  async function upload(site, files, { mode = "ours", options = {}, config = {}, faults, page: name } = {}) {
    await site.reset({ config: { stsLifeMs: LIFE, uploadAuthLifeMs: LIFE, ...config }, faults });
    const page = await site.open(name);
    try {
      const sums = await page.evaluate(
        async ([mode, options, files]) => {
          window.harness[mode](options);
          const sums = {};
          for (const [file, size] of files) sums[file] = await window.harness.add(file, size);
          window.harness.start();
          return sums;
        },
        [mode, { partSize: MB, ...options }, files],
      );
      const names = files.map(([file]) => file);
      const report = await page.evaluate(([names]) => window.harness.ended(names, 150_000), [names]);
      return { report, sums, uncaught: page.uncaught, log: await site.log(), objects: await site.objects() };
    } finally {
    }
  }

  function assertStored({ report, sums, uncaught, objects }) {
    const expected = Object.entries(sums).map(([file]) => [file, ["Succeed"]]);
    assert.deepEqual(report.ends, Object.fromEntries(expected));
    assert.deepEqual(uncaught, []);
    for (const { name, videoId } of report.states) {
      assert.equal(objects.find((object) => object.videoId === videoId)?.sha256, sums[name], name);
    }
  }

  function assertUnseen({ report, log }, least) {
    const seen = figures(log);
    assert.deepEqual(refusals(log), [], "answers with status 403");
    assert.deepEqual(seen.sentTwice, [], "parts sent twice");
    assert.equal(report.calls.filter((call) => call.startsWith("onUploadTokenExpired")).length, 0);
    const ended = expiries(log, LIFE);
    assert.ok(ended >= least, `${ended} UploadAuths ended during the upload, of at least ${least}`);
    return `${ended} UploadAuths ended, ${seen.refreshed} refreshes, ${seen.tokens} STS tokens, no 403, no part twice`;
  }

  for (const page of PAGES) {
    sites.test(`5 MB, one part after the other (${page})`, async (site, t) => {
      const result = await upload(site, [["five.mp4", 5 * MB]], {
        page,
        options: { parallel: 1 },
        config: { partDelayMs: 9000 },
      });
      assertStored(result);
      t.diagnostic(assertUnseen(result, 3));
    });
  }

  sites.test("20 MB, five parts at a time", async (site, t) => {
    const result = await upload(site, [["twenty.mp4", 20 * MB]], { config: { partDelayMs: 10_800 } });
    assertStored(result);
    t.diagnostic(assertUnseen(result, 3));
  });

  sites.test("a queue of three files", async (site, t) => {
    const files = ["one.mp4", "two.mp4", "three.mp4"].map((name) => [name, 5 * MB]);
    const result = await upload(site, files, { config: { partDelayMs: 12_600 } });
    assertStored(result);
    assert.equal(figures(result.log).created, 3, "one video a file");
    t.diagnostic(assertUnseen(result, 3));
  });

  sites.test(
    "the documented integration fails on the same upload: it refreshes the object key in place of the VideoId",
    async (site, t) => {
      const result = await upload(site, [["five.mp4", 5 * MB]], {
        mode: "documented",
        options: { parallel: 1 },
        config: { stsLifeMs: null, partDelayMs: 3500 },
      });
      assert.deepEqual(result.report.ends, { "five.mp4": ["Failed InvalidVideo.NotFound"] });
      const seen = figures(result.log);
      assert.ok(seen.refused >= 1, "the SDK learns of the expiry from a refusal");
      assert.equal(seen.stored, 0);
      assert.ok(result.report.calls.includes("onUploadTokenExpired five.mp4"));
      const { uploader } = result.report;
      t.diagnostic(
        `onUploadFailed InvalidVideo.NotFound after ${seen.refused} answers with 403; the uploader is in ${uploader}`,
      );
    },
  );
});
