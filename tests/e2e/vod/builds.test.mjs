// `npm test -- e2e` runs this folder.
//
// Builds of the SDK that the helper has not seen: each private member that it uses is taken away in turn.
import assert from "node:assert/strict";
import { after, describe } from "node:test";

import { figures } from "../support/figures.mjs";
import { PART } from "../support/parts.mjs";
import { Sites } from "../support/sites.mjs";

const SIZE = 3 * PART;
const MEMBERS = ["_state", "_curIndex", "_ossUpload", "_ossCreditor", "_removeCheckoutpoint"];
/** The third part is sent after the end of the first credential. A renewal begins with a third of its life left. */
const SHORT = { stsLifeMs: 5000, uploadAuthLifeMs: 5000, partDelayMs: 3100 };

/** They mostly wait. */
const AT_A_TIME = 4;

describe("an SDK without", { concurrency: AT_A_TIME }, () => {
  const sites = new Sites();
  after(() => sites.close());

  async function begin(site, hidden, options, files) {
    const page = await site.open();
    const sums = await page.evaluate(
      async ([hidden, options, files, size]) => {
        window.harness.hide(hidden);
        window.harness.ours({ parallel: 1, ...options });
        const sums = {};
        for (const [name, type] of files) sums[name] = await window.harness.add(name, size, { type });
        window.harness.start();
        return sums;
      },
      [hidden, options, files, SIZE],
    );
    const names = files.map(([name]) => name);
    const ended = (times = 1) =>
      page.evaluate(([names, times]) => window.harness.ended(names, 60_000, times), [names, times]);
    return { page, sums, ended };
  }

  function assertDiagnosed(report, hidden) {
    const told = report.events.filter(({ type }) => type === "diagnostic").map(({ missing }) => missing);
    assert.equal(new Set(told).size, told.length, "each missing member is told once");
    for (const name of told) assert.ok(hidden.includes(name), `${name} is there`);
    return told;
  }

  for (const hidden of [...MEMBERS.map((name) => [name]), MEMBERS]) {
    const what = hidden.length === 1 ? hidden[0] : "any of them";

    sites.test(`${what}: a queue of two outlives its credentials`, async (site, t) => {
      await site.reset({ config: SHORT });
      const { page, sums, ended } = await begin(site, hidden, {}, [["a.mp4"], ["b.mp4"]]);
      const report = await ended();
      assert.deepEqual(report.ends, { "a.mp4": ["Succeed"], "b.mp4": ["Succeed"] });
      assert.deepEqual(page.uncaught, []);
      const stored = (await site.objects()).map(({ sha256 }) => sha256);
      assert.deepEqual(stored.sort(), Object.values(sums).sort());
      const seen = figures(await site.log());
      assert.deepEqual(seen.storedTwice, []);
      // Without the client a credential can only be replaced after OSS refused it.
      assert.equal(seen.refused > 0, hidden.includes("_ossUpload"));
      t.diagnostic(`told of ${assertDiagnosed(report, hidden).join(", ") || "nothing"}; ${seen.refused} × 403`);
    });

    sites.test(`${what}: a renewal that fails for ever, and a start afterwards`, async (site) => {
      const refusal = {
        service: "oss",
        action: "UploadPart",
        partNumber: 2,
        status: 403,
        code: "SecurityTokenExpired",
      };
      await site.reset({ faults: [refusal, { service: "vod", action: "RefreshUploadVideo", times: -1, drop: true }] });
      const { page, sums, ended } = await begin(site, hidden, { deadline: 2500 }, [["a.mp4"]]);
      const failed = await ended();
      assert.deepEqual(failed.ends, { "a.mp4": ["Failed network"] });
      await site.control("DELETE", "faults");
      await page.evaluate(() => window.harness.start());
      const report = await ended(2);
      assert.deepEqual(report.ends, { "a.mp4": ["Failed network", "Succeed"] });
      assert.deepEqual(page.uncaught, []);
      assert.equal((await site.objects())[0].sha256, sums["a.mp4"]);
      assertDiagnosed(report, hidden);
    });

    sites.test(`${what}: no first credential, and a start afterwards`, async (site) => {
      await site.reset({ faults: [{ service: "vod", times: -1, drop: true }] });
      const { page, sums, ended } = await begin(site, hidden, { deadline: 3000 }, [["a.mp4"]]);
      assert.deepEqual((await ended()).ends, { "a.mp4": ["Failed network"] });
      await site.control("DELETE", "faults");
      await page.evaluate(() => window.harness.start());
      const report = await ended(2);
      assert.deepEqual(report.ends, { "a.mp4": ["Failed network", "Succeed"] });
      assert.deepEqual(page.uncaught, []);
      assert.equal((await site.objects())[0].sha256, sums["a.mp4"]);
    });
  }

  sites.test("_removeCheckoutpoint: an image is issued anew after a refusal", async (site) => {
    const refusal = { service: "oss", action: "UploadPart", partNumber: 2, status: 403, code: "SecurityTokenExpired" };
    await site.reset({ faults: [refusal] });
    const { page, sums, ended } = await begin(site, ["_removeCheckoutpoint"], {}, [["a.png", "image/png"]]);
    const report = await ended();
    assert.deepEqual(report.ends, { "a.png": ["Succeed"] });
    const object = (await site.objects()).find(({ sha256 }) => sha256 === sums["a.png"]);
    assert.equal(object?.imageId, report.states[0].imageId);
    assert.deepEqual(assertDiagnosed(report, ["_removeCheckoutpoint"]), ["_removeCheckoutpoint"]);
  });
});
