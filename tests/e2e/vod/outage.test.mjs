// An AppServer that fails for a while, or for ever.
import assert from "node:assert/strict";
import { after, describe } from "node:test";

import { figures } from "../support/figures.mjs";
import { PART } from "../support/parts.mjs";
import { Sites } from "../support/sites.mjs";
import { progress } from "../support/wait.mjs";

const FIVE = 5 * PART;

/** They mostly wait. */
const AT_A_TIME = 4;

describe("the AppServer fails", { concurrency: AT_A_TIME }, () => {
  const sites = new Sites();
  after(() => sites.close());

  async function begin(site, options) {
    const page = await site.open();
    const sum = await page.evaluate(
      async ([options, size]) => {
        window.harness.ours(options);
        const sum = await window.harness.add("a.mp4", size);
        window.harness.start();
        return sum;
      },
      [options, FIVE],
    );
    return {
      page,
      sum,
      ended: (ms, times = 1) => page.evaluate(([ms, times]) => window.harness.ended(["a.mp4"], ms, times), [ms, times]),
    };
  }

  sites.test("twice, then answers: the upload succeeds, and the page heard of it", async (site) => {
    await site.reset({ faults: [{ service: "app", times: 2, status: 500 }] });
    const { page, sum, ended } = await begin(site, {});
    const report = await ended(60_000);
    assert.deepEqual(report.ends, { "a.mp4": ["Succeed"] });
    assert.deepEqual(page.uncaught, []);
    const failures = report.events.filter(({ of, type }) => of === "tokens" && type === "refreshFailed");
    assert.deepEqual(
      failures.map(({ error, failures: fails }) => [error.code, error.status, fails]),
      [
        ["http", 500, 1],
        ["http", 500, 2],
      ],
    );
    assert.equal((await site.objects())[0].sha256, sum);
    assert.equal(figures(await site.log()).created, 1);
  });

  sites.test("VOD hangs once: its call is given up and made again", async (site) => {
    await site.reset({ faults: [{ service: "vod", action: "CreateUploadVideo", hang: true }] });
    const { page, sum, ended } = await begin(site, {});
    const report = await ended(60_000);
    assert.deepEqual(report.ends, { "a.mp4": ["Succeed"] });
    assert.deepEqual(page.uncaught, []);
    const failures = report.events.filter(({ of, type }) => of === "vod" && type === "refreshFailed");
    assert.deepEqual(
      failures.map(({ error }) => error.code),
      ["timeout"],
    );
    assert.equal((await site.objects())[0].sha256, sum);
  });

  sites.test(
    "for ever: the file fails with a code within the deadline, and startUpload() works afterwards",
    async (site) => {
      await site.reset({ faults: [{ service: "app", times: -1, status: 500 }] });
      const deadline = 4000;
      const { page, sum, ended } = await begin(site, { deadline });
      const failed = await ended(deadline + 3000);
      assert.deepEqual(failed.ends, { "a.mp4": ["Failed http"] });
      assert.deepEqual(page.uncaught, []);

      await site.control("DELETE", "faults");
      await page.evaluate(() => window.harness.start());
      const report = await ended(60_000, 2);
      assert.deepEqual(report.ends, { "a.mp4": ["Failed http", "Succeed"] });
      assert.equal((await site.objects())[0].sha256, sum);
    },
  );

  sites.test(
    "for ever while a file uploads: it goes on as long as it can, fails with a code, and is continued afterwards",
    async (site) => {
      await site.reset({ config: { stsLifeMs: 3000, uploadAuthLifeMs: 3000, partDelayMs: 3000 } });
      const { page, sum, ended } = await begin(site, { deadline: 4000, parallel: 1 });
      await progress(page, 2);
      await site.control("POST", "faults", [{ service: "app", times: -1, status: 500 }]);
      const failed = await ended(40_000);
      assert.deepEqual(failed.ends, { "a.mp4": ["Failed http"] });
      assert.deepEqual(page.uncaught, []);

      await site.control("DELETE", "faults");
      await site.control("POST", "config", { partDelayMs: 0 });
      await page.evaluate(() => window.harness.start());
      const report = await ended(60_000, 2);
      assert.deepEqual(report.ends, { "a.mp4": ["Failed http", "Succeed"] });
      const log = await site.log();
      assert.equal((await site.objects())[0].sha256, sum);
      const seen = figures(log);
      assert.equal(seen.created, 1, "the same video is continued");
      const again = log
        .filter(({ action, status, partNumber }) => action === "UploadPart" && status === 200 && partNumber)
        .map(({ partNumber }) => partNumber);
      assert.equal(new Set(again).size, again.length, "no stored part is sent again");
    },
  );

  // Each round makes the next wait longer, far beyond the deadline.
  sites.test("in one way after another: the first start after all is well stores the file", async (site) => {
    const rounds = [
      { service: "app", drop: true },
      { service: "app", status: 200, body: "<!doctype html><title>Sign in</title>" },
      { service: "app", status: 503 },
      { service: "vod", drop: true },
    ].map((fault) => ({ ...fault, times: -1 }));
    await site.reset({ faults: rounds.slice(0, 1) });
    // The first round spends the budget: no request is left for the others but those that a start grants.
    const policy = { deadline: 800, budget: 2, budgetRefill: 600_000 };
    const { page, sum, ended } = await begin(site, { deadline: 2500, policy });
    await ended(15_000);
    for (const [round, fault] of rounds.entries()) {
      if (round === 0) continue;
      await site.control("DELETE", "faults");
      await site.control("POST", "faults", [fault]);
      await page.evaluate(() => window.harness.start());
      await ended(15_000, round + 1);
    }
    await site.control("DELETE", "faults");
    await page.evaluate(() => window.harness.start());
    const { ends } = await ended(60_000, rounds.length + 1);
    const failed = ["Failed network", "Failed invalid_response", "Failed http", "Failed network"];
    assert.deepEqual(ends["a.mp4"], [...failed, "Succeed"]);
    assert.ok((await site.objects()).some(({ sha256 }) => sha256 === sum));
    assert.deepEqual(page.uncaught, []);
  });
});
