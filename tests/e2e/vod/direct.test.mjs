// Direct mode: files go to the page's own bucket, written with the STS token itself.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { figures } from "../support/figures.mjs";
import { PART } from "../support/parts.mjs";
import { openSite } from "../support/site.mjs";
import { progress } from "../support/wait.mjs";

const ENDPOINT = "https://oss-cn-shanghai.aliyuncs.com";
const BUCKET = "web-upload-app";

describe("direct mode:", () => {
  let site;
  before(async () => (site = await openSite()));
  after(() => site?.close());

  async function upload(files, { config, faults, options = {}, during } = {}) {
    await site.reset({ config, faults });
    const page = await site.open();
    const sums = await page.evaluate(
      async ([files, options, place]) => {
        const { harness } = window;
        harness.ours({ parallel: 1, ...options });
        const sums = {};
        for (const [name, size, about] of files) {
          sums[name] = await harness.add(name, size, { ...place, object: `own/${name}`, ...about });
        }
        harness.start();
        return sums;
      },
      [files, options, { endpoint: ENDPOINT, bucket: BUCKET }],
    );
    const names = files.map(([name]) => name);
    await during?.(page);
    const report = await page.evaluate((names) => window.harness.ended(names, 60_000), names);
    return { page, sums, report, log: await site.log(), objects: await site.objects() };
  }

  function assertStored({ page, sums, report, objects, log }) {
    for (const [name, sum] of Object.entries(sums)) {
      assert.deepEqual(report.ends[name], ["Succeed"], name);
      assert.ok(
        objects.some(({ sha256, bucket, key }) => sha256 === sum && bucket === BUCKET && key === `own/${name}`),
        `the stored bytes of ${name}`,
      );
    }
    assert.deepEqual(page.uncaught, []);
    assert.deepEqual(
      log.filter(({ service }) => service === "vod").map(({ action }) => action),
      [],
      "VOD is not asked",
    );
  }

  test("the token is renewed under the running upload", async (t) => {
    const files = [
      ["a.mp4", 5 * PART],
      ["b.png", 2 * PART, { type: "image/png" }],
    ];
    const result = await upload(files, { config: { stsLifeMs: 6000, partDelayMs: 1700 } });
    assertStored(result);
    const seen = figures(result.log);
    assert.equal(seen.refused, 0);
    assert.deepEqual(seen.storedTwice, []);
    assert.ok(seen.tokens >= 2, `${seen.tokens} tokens`);
    const keys = new Set(result.log.filter(({ action }) => action === "UploadPart").map((part) => part.accessKeyId));
    assert.ok(keys.size >= 2, "parts were signed with more than one token");
    assert.ok(seen.tokens <= 10, `${seen.tokens} tokens for some 12 s of 6 s each`);
    t.diagnostic(`${seen.tokens} tokens, ${keys.size} signed parts, no 403`);
    await result.page.context().close();
  });

  test("a token that the manager has renewed already is taken", async () => {
    let renewed;
    const result = await upload([["a.mp4", 5 * PART]], {
      config: { stsLifeMs: 6000, partDelayMs: 1700 },
      during: async (page) => {
        await progress(page);
        renewed = await page.evaluate(async () => {
          const { tokens } = window.harness;
          while (tokens.status().validFor > 4300) await new Promise((done) => setTimeout(done, 50));
          const { accessKeyId } = await tokens.getToken({ minValidity: 4500 });
          return accessKeyId;
        });
      },
    });
    assertStored(result);
    assert.equal(figures(result.log).refused, 0);
    const parts = result.log.filter(({ action, preflight }) => action === "UploadPart" && !preflight);
    assert.ok(
      parts.some(({ accessKeyId }) => accessKeyId === renewed),
      "a part is signed with it",
    );
    await result.page.context().close();
  });

  test("a refused token is replaced, and only the parts that are missing are sent again", async () => {
    const faults = [{ service: "oss", action: "UploadPart", partNumber: 3, status: 403, code: "SecurityTokenExpired" }];
    const result = await upload([["a.mp4", 5 * PART]], { faults });
    assertStored(result);
    const seen = figures(result.log);
    assert.equal(seen.refused, 1);
    assert.deepEqual(seen.storedTwice, []);
    assert.equal(seen.tokens, 2);
    await result.page.context().close();
  });

  test("stopped and started, with a token for each file", async () => {
    const files = [
      ["a.mp4", 4 * PART],
      ["b.mp4", 2 * PART],
    ];
    const result = await upload(files, {
      config: { partDelayMs: 300 },
      options: { perFile: true },
      during: async (page) => {
        await progress(page);
        await page.evaluate(async () => {
          window.harness.uploader.stopUpload();
          await new Promise((done) => setTimeout(done, 300));
          window.harness.start();
        });
      },
    });
    assertStored(result);
    const seen = figures(result.log);
    assert.equal(seen.tokens, 2);
    assert.ok(seen.storedTwice.length <= 1);
    await result.page.context().close();
  });

  test("beside a file for VOD, in one uploader", async () => {
    const nowhere = { endpoint: null, bucket: null, object: null };
    await site.reset({ config: { stsLifeMs: 4000, uploadAuthLifeMs: 3000, partDelayMs: 900 } });
    const page = await site.open();
    const sums = await page.evaluate(
      async ([place, nowhere, size]) => {
        const { harness } = window;
        harness.ours({ parallel: 1 });
        const sums = [
          await harness.add("a.mp4", size, { ...place, object: "own/a.mp4" }),
          await harness.add("b.mp4", size, nowhere),
          await harness.add("c.mp4", size, { ...place, object: "own/c.mp4" }),
        ];
        harness.start();
        return sums;
      },
      [{ endpoint: ENDPOINT, bucket: BUCKET }, nowhere, 4 * PART],
    );
    const names = ["a.mp4", "b.mp4", "c.mp4"];
    const report = await page.evaluate((names) => window.harness.ended(names, 60_000), names);
    assert.deepEqual(report.ends, { "a.mp4": ["Succeed"], "b.mp4": ["Succeed"], "c.mp4": ["Succeed"] });
    const objects = await site.objects();
    const buckets = sums.map((sum) => objects.find(({ sha256 }) => sha256 === sum)?.bucket === BUCKET);
    assert.deepEqual(buckets, [true, false, true]);
    const seen = figures(await site.log());
    assert.equal(seen.created, 1);
    assert.equal(seen.refused, 0);
    await page.context().close();
  });

  // AppServers that keep a token until a fifth of its life is left, and say nothing of its end, or its end, or what is
  // left of it. Of an end that nobody tells, a refusal is the first that is heard.
  const SAYS = [
    { says: "nothing", told: () => ({}), refused: 2 },
    { says: "its end", told: ({ ends }) => ({ Expiration: new Date(ends).toISOString() }), refused: 0 },
    { says: "what is left", told: ({ ends }) => ({ DurationSeconds: (ends - Date.now()) / 1000 }), refused: 0 },
  ];
  for (const { says, told, refused } of SAYS) {
    test(`the AppServer gives the same token again and says ${says}`, async (t) => {
      const life = 12_000;
      await site.reset({ config: { stsLifeMs: life, partDelayMs: 2000 } });
      const page = await site.open();
      const sum = await page.evaluate(
        async ([place, size, life, told]) => {
          const { harness } = window;
          const tell = eval(told);
          window.asked = [];
          let kept;
          const source = async () => {
            if (!kept || kept.ends - Date.now() < life / 5) {
              const sent = Date.now();
              const response = await fetch("/api/sts", { method: "POST" });
              const { AccessKeyId, AccessKeySecret, SecurityToken } = await response.json();
              kept = { token: { AccessKeyId, AccessKeySecret, SecurityToken }, ends: sent + life };
            }
            window.asked.push(kept.token.AccessKeyId);
            return { ...kept.token, ...tell(kept) };
          };
          harness.ours({ source, parallel: 1, policy: { assumedLife: life / 2, backoffBase: 100 } });
          const sum = await harness.add("a.mp4", size, { ...place, object: "own/a.mp4" });
          harness.start();
          return sum;
        },
        [{ endpoint: ENDPOINT, bucket: BUCKET }, 10 * PART, life, told.toString()],
      );
      const report = await page.evaluate(() => window.harness.ended(["a.mp4"], 60_000));
      const asked = await page.evaluate(() => window.asked);
      const log = await site.log();
      assertStored({ page, sums: { "a.mp4": sum }, report, log, objects: await site.objects() });
      const seen = figures(log);
      const tokens = new Set(asked).size;
      t.diagnostic(`${asked.length} requests for ${tokens} tokens; ${seen.refused} × 403`);
      assert.ok(asked.length > tokens, "tokens were given again");
      // The manager's own back-off: a quarter of what is left each time.
      assert.ok(asked.length <= 6 * tokens, `${asked.length} requests for ${tokens} tokens`);
      assert.ok(seen.refused <= refused, `${seen.refused} answers with 403`);
      assert.deepEqual(seen.storedTwice, []);
      const failures = report.events.filter(({ of, type }) => of === "vod" && type === "refreshFailed");
      assert.deepEqual(failures, [], "the manager tells of its AppServer, and the file does not");
      await page.context().close();
    });
  }

  test("no token to be had: the file fails by the deadline and starts later", async () => {
    const faults = [{ service: "app", times: -1, drop: true }];
    const result = await upload([["a.mp4", PART]], { faults, options: { deadline: 2500 } });
    assert.deepEqual(result.report.ends["a.mp4"], ["Failed network"]);
    await site.control("DELETE", "faults");
    await result.page.evaluate(() => window.harness.start());
    const report = await result.page.evaluate(() => window.harness.ended(["a.mp4"], 30_000, 2));
    assert.deepEqual(report.ends["a.mp4"], ["Failed network", "Succeed"]);
    await result.page.context().close();
  });
});
