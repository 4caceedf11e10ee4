// What a user interface does with files that have failed: try one again, stop.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { PART } from "../support/parts.mjs";
import { openSite } from "../support/site.mjs";
import { ended, open, start } from "./one-page.mjs";

describe("after a failure", () => {
  let site;
  before(async () => (site = await openSite()));
  after(() => site?.close());

  /** Two files, of which the first fails with what `faults` do; both are given the credential afterwards. */
  async function failed(faults, code) {
    const page = await open(site, { faults });
    const sums = await start(page, [["a.mp4", PART]], { deadline: 4000 });
    assert.deepEqual((await ended(page, ["a.mp4"])).ends["a.mp4"], [`Failed ${code}`]);
    await site.control("DELETE", "faults");
    return { page, sums };
  }

  for (const [what, fault, code] of [
    ["the AppServer's 401", { service: "app", times: -1, status: 401 }, "unauthenticated"],
    ["the AppServer's 403", { service: "app", times: -1, status: 403 }, "forbidden"],
    ["an AppServer that is gone", { service: "app", times: -1, drop: true }, "network"],
    ["VOD's refusal", { service: "vod", status: 400, code: "InvalidParameter.CateId" }, "InvalidParameter.CateId"],
  ]) {
    test(`${what}: store.retry() sends the file`, async () => {
      const { page, sums } = await failed([fault], code);
      await page.evaluate(async () => {
        const { observe } = await import("/dist/vod.js");
        observe(window.harness.uploader).retry(1);
      });
      assert.deepEqual((await ended(page, ["a.mp4"], 2)).ends["a.mp4"], [`Failed ${code}`, "Succeed"]);
      assert.equal((await site.objects())[0].sha256, sums["a.mp4"]);
      await page.context().close();
    });

    test(`${what}: stopUpload() has nothing to stop, and startUpload() sends the file`, async () => {
      const { page, sums } = await failed([fault], code);
      const states = await page.evaluate(() => {
        const { uploader } = window.harness;
        uploader.stopUpload();
        return uploader.listFiles().map(({ state }) => state);
      });
      assert.deepEqual(states, ["Failure"]);
      await page.evaluate(() => window.harness.start());
      assert.deepEqual((await ended(page, ["a.mp4"], 2)).ends["a.mp4"], [`Failed ${code}`, "Succeed"]);
      assert.equal((await site.objects())[0].sha256, sums["a.mp4"]);
      await page.context().close();
    });
  }
});
