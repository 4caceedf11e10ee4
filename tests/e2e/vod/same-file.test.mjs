// One file that is sent from two places at once: the SDK stores its checkpoint by the file alone.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { PART } from "../support/parts.mjs";
import { openSite } from "../support/site.mjs";
import { progress } from "../support/wait.mjs";
import { ended, open, sent, start } from "./one-page.mjs";

const PARTS = 6;
const BUCKET = "web-upload-app";

describe("the same file in two tabs", () => {
  let site;
  before(async () => (site = await openSite()));
  after(() => site?.close());

  const stop = (page) => page.evaluate(() => window.harness.uploader.stopUpload());

  const endsWell = async (page) => {
    const report = await ended(page, ["a.mp4"]);
    assert.deepEqual(report.ends["a.mp4"], ["Succeed"]);
    assert.deepEqual(report.errors, []);
  };

  for (const [mode, about] of [
    ["STS mode", undefined],
    ["direct mode", { endpoint: "https://oss-cn-shanghai.aliyuncs.com", bucket: BUCKET }],
  ]) {
    test(`${mode}: both are stopped and started, and each goes on with its own object`, async () => {
      const first = await open(site, { config: { partDelayMs: 300 } });
      const second = await first.context().newPage();
      await site.load(second);
      const file = (object) => [["a.mp4", PARTS * PART, about && { ...about, object }]];
      const sums = await start(first, file("first/a.mp4"));
      await start(second, file("second/a.mp4"));
      for (const page of [first, second]) await progress(page, 3);
      for (const page of [first, second]) await stop(page);
      for (const page of [first, second]) await page.evaluate(() => window.harness.start());
      for (const page of [first, second]) await endsWell(page);
      const objects = await site.objects();
      assert.deepEqual(
        objects.map(({ sha256 }) => sha256),
        [sums["a.mp4"], sums["a.mp4"]],
      );
      assert.equal((await sent(site, "InitiateMultipartUpload")).length, 2, "uploads begun");
      // Those under way at the stops go once more.
      const parts = (await sent(site, "UploadPart")).length;
      assert.ok(parts <= 2 * PARTS + 2, `${parts} parts sent, of at most ${2 * PARTS + 2}`);
      assert.equal(
        await second.evaluate(() => Object.keys(localStorage).filter((key) => key.includes("a.mp4")).length),
        0,
      );
      await first.context().close();
    });
  }

  test("the second goes on with the upload that the first has stopped, and the first still ends well", async () => {
    const first = await open(site, { config: { partDelayMs: 300 } });
    const second = await first.context().newPage();
    await site.load(second);
    const sums = await start(first, [["a.mp4", PARTS * PART]]);
    await progress(first, 3);
    await stop(first);
    await start(second, [["a.mp4", PARTS * PART]]);
    await endsWell(second);
    assert.equal((await sent(site, "CreateUploadVideo")).length, 1, "videos created");
    assert.equal((await sent(site, "InitiateMultipartUpload")).length, 1, "uploads begun");
    await first.evaluate(() => window.harness.start());
    await endsWell(first);
    const objects = await site.objects();
    assert.deepEqual(
      objects.map(({ sha256 }) => sha256),
      [sums["a.mp4"]],
    );
    await first.context().close();
  });
});
