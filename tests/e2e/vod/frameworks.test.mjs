// A page may keep the manager and the uploader where its framework wraps what it is given.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { figures } from "../support/figures.mjs";
import { openSite } from "../support/site.mjs";
import { progress } from "../support/wait.mjs";

/** Tokens end while the files are sent, and a busy machine has a third of that time to renew them. */
const SHORT = { stsLifeMs: 6000, uploadAuthLifeMs: 6000, partDelayMs: 1300 };

const NAMES = [
  "no framework",
  "Vue 3, ref() in setup()",
  "Vue 3, shallowRef()",
  "Vue 3, data()",
  "Vue 3, reactive()",
  "Vue 3, readonly(reactive())",
  "Vue 3, markRaw()",
  "Pinia",
  "Vue 2, data()",
  "MobX, observable()",
  "MobX, makeAutoObservable()",
  "Immer",
  "Valtio, ref()",
  "a proxy of proxies",
];

describe("kept in a framework's state:", () => {
  let site;
  before(async () => (site = await openSite()));
  after(() => site?.close());

  test("each place is tried", async () => {
    const page = await site.open("frameworks");
    assert.deepEqual(await page.evaluate(() => Object.keys(window.places)), NAMES);
    await page.context().close();
  });

  for (const name of NAMES) {
    test(name, async () => {
      await site.reset({ config: SHORT });
      const page = await site.open("frameworks");
      const begun = await page.evaluate(async (name) => {
        const { createTokenManager } = await import("/dist/index.js");
        const place = window.places[name]();
        const { harness } = window;
        place.set("tokens", createTokenManager({ source: "/api/sts" }));
        const token = await place.get("tokens").getToken();
        const told = [];
        place.get("tokens").on("token", ({ generation }) => told.push(generation));
        harness.use(place.get("tokens"));
        harness.ours({ parallel: 1 });
        place.set("uploader", harness.uploader);
        // From here on only what the framework gives back is used.
        harness.uploader = place.get("uploader");
        const sums = {};
        for (const file of ["a.mp4", "b.mp4"]) sums[file] = await harness.add(file, 3 << 17);
        harness.start();
        window.told = told;
        return { sums, peeked: place.get("tokens").peek()?.accessKeyId === token.accessKeyId };
      }, name);
      assert.ok(begun.peeked, "peek() gives what getToken() gave");
      await progress(page);
      await page.evaluate(async () => {
        window.harness.uploader.stopUpload();
        await new Promise((done) => setTimeout(done, 200));
        window.harness.uploader.startUpload();
      });
      const files = Object.keys(begun.sums);
      const report = await page.evaluate((files) => window.harness.ended(files, 60_000), files);
      const objects = await site.objects();
      for (const file of files) {
        assert.deepEqual(report.ends[file], ["Succeed"], file);
        const { videoId } = report.states.find((info) => info.name === file);
        assert.equal(objects.find(({ sha256 }) => sha256 === begun.sums[file])?.videoId, videoId, file);
      }
      assert.deepEqual(page.uncaught, []);
      const seen = figures(await site.log());
      assert.equal(seen.refused, 0);
      assert.equal(seen.created, 2);
      assert.ok(
        seen.storedTwice.length <= 1,
        `${seen.storedTwice.length} parts twice: at most the one under way at the stop`,
      );
      const { same, told } = await page.evaluate(() => ({
        same: window.harness.infos.every((info) => window.harness.uploader.listFiles().includes(info)),
        told: window.told.length,
      }));
      assert.ok(same, "callbacks and listFiles() know a file by one object");
      assert.ok(told > 0, "listeners are told of tokens");
      await page.context().close();
    });
  }

  test("what callbacks are given is put into a store of Immer's, which freezes all that it keeps", async () => {
    await site.reset();
    const page = await site.open("frameworks");
    const sums = await page.evaluate(async (size) => {
      const { harness } = window;
      let state = { files: [], list: undefined };
      window.own = true;
      const keep =
        (name) =>
        (info, ...args) => {
          state = window.produce(state, (draft) => {
            draft.files.push(info);
            draft.list = harness.uploader.listFiles();
          });
          window.own &&= state.files.at(-1) === info && harness.uploader.listFiles().includes(info);
          harness.calls.push({ name, file: info.file.name, args });
        };
      const names = ["addFileSuccess", "onUploadstarted", "onUploadProgress", "onUploadSucceed"];
      harness.ours({ parallel: 1, ...Object.fromEntries(names.map((name) => [name, keep(name)])) });
      const sums = {};
      for (const name of ["a.mp4", "b.mp4"]) sums[name] = await harness.add(name, size);
      harness.start();
      return sums;
    }, 3 << 17);
    const names = Object.keys(sums);
    const report = await page.evaluate((names) => window.harness.ended(names, 30_000), names);
    assert.deepEqual(page.uncaught, []);
    assert.deepEqual(report.ends, { "a.mp4": ["Succeed"], "b.mp4": ["Succeed"] }, JSON.stringify(report));
    const stored = (await site.objects()).map(({ sha256 }) => sha256);
    assert.deepEqual(stored.sort(), Object.values(sums).sort());
    assert.ok(await page.evaluate(() => window.own), "callbacks, store and listFiles() know a file by one object");
    assert.ok(!report.events.some(({ type }) => type === "diagnostic"));
    await page.context().close();
  });
});
