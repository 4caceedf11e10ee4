// `npm test -- e2e` runs this folder.
//
// Always an end: every method and callback of the SDK that the helper touches throws, does nothing, or is wrapped, one
// at a time. No run is silent past its deadline, and `startUpload()` stores the file once the method works again.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { PART } from "../support/parts.mjs";
import { openSite } from "../support/site.mjs";

const DEADLINE = 2500;

/** Methods of the uploader, and what else each needs to be called at all: faults, or the page before or after its start. */
const METHODS = {
  addFile: { page: ({ harness, size }) => harness.add("b.mp4", size) },
  cancelFile: { page: ({ harness }) => harness.uploader.cancelFile(1) },
  deleteFile: { page: ({ harness }) => harness.uploader.deleteFile(1) },
  _adjustPartSize: {},
  setUploadAuthAndAddress: {},
  resumeUploadWithAuth: { refusals: true },
  listFiles: {},
  startUpload: { refusals: true, lost: true },
  // What the helper gives a file up with that is being sent, such as one of a user who has gone.
  stopUpload: {
    config: { partDelayMs: 300 },
    later: async ({ harness }) => {
      while (!harness.calls.some(({ name }) => name === "onUploadProgress"))
        await new Promise((done) => setTimeout(done, 20));
      harness.tokens.reset();
    },
  },
  nextUpload: { refusals: true, lost: true },
  _upload: {},
  _uploadCore: {},
  _error: { refusals: true },
  _handleError: { lost: true },
  _complete: {},
  _progress: {},
  _removeCheckoutpoint: { lost: true },
  _getCheckoutpoint: {},
  _saveCheckoutpoint: {},
  _reportLog: {},
  _changeState: { lost: true },
};

const WAYS = {
  throws: () => () => {
    throw new Error("not today");
  },
  "does nothing": () => () => undefined,
  "is wrapped": (real) =>
    function (...args) {
      return real.apply(this, args);
    },
};

const FAULTS = {
  refusals: [{ service: "oss", action: "UploadPart", partNumber: 2, status: 403, code: "SecurityTokenExpired" }],
  lost: [{ service: "oss", action: "UploadPart", partNumber: 2, status: 404, code: "NoSuchUpload" }],
};

describe("always an end:", { concurrency: 2 }, () => {
  for (const [way, make] of Object.entries(WAYS)) {
    describe(`a method that ${way}:`, { concurrency: 1 }, () => {
      let site;
      before(async () => (site = await openSite()));
      after(() => site?.close());

      for (const [method, needs] of Object.entries(METHODS)) {
        test(method, async () => {
          const faults = Object.entries(FAULTS).flatMap(([name, faults]) => (needs[name] ? faults : []));
          const { config } = needs;
          await site.reset({ config, faults });
          const page = await site.open();
          const sum = await page.evaluate(
            async ([method, make, act, later, deadline, size]) => {
              const { harness } = window;
              const { prototype } = harness.Vod;
              const real = prototype[method];
              if (typeof real !== "function") throw new Error(`the SDK has no ${method}()`);
              const fake = eval(make)(real);
              window.spoiled = false;
              window.spoilt = 0;
              prototype[method] = function (...args) {
                window.spoilt += Number(window.spoiled);
                return (window.spoiled ? fake : real).apply(this, args);
              };
              harness.ours({ parallel: 1, deadline, timeout: 2000, retryCount: 1, retryDuration: 1 });
              const sum = await harness.add("a.mp4", size);
              // Another file for what the page does, which is not to cost this one its end.
              if (act && method !== "addFile") await harness.add("b.mp4", size);
              window.spoiled = true;
              try {
                await eval(act)?.({ harness, size });
              } catch {
                // At the page, which called it.
              }
              try {
                harness.start();
              } catch (error) {
                // What the page itself calls may throw at the page.
                window.threw = error.message;
              }
              await eval(later)?.({ harness });
              return sum;
            },
            [method, make.toString(), needs.page?.toString(), needs.later?.toString(), DEADLINE, 3 * PART],
          );
          const call = (name, ...args) => page.evaluate(([name, args]) => window.harness[name](...args), [name, args]);
          const first = await call("ended", ["a.mp4"], 4 * DEADLINE);
          const { threw, spoilt } = await page.evaluate(() => ({ threw: window.threw, spoilt: window.spoilt }));
          assert.ok(spoilt > 0, `${method}() was not called: nothing was tried`);
          const began = first.calls.some((line) => line.startsWith("onUploadstarted"));
          // A start that throws at the page, or that the SDK does nothing about, is no run.
          if (began || first.ends["a.mp4"].length > 0)
            assert.ok(first.ends["a.mp4"].length === 1, `${method}: ${first.ends["a.mp4"]}; ${first.states[0]?.state}`);
          else assert.ok(threw !== undefined || way === "does nothing", `${method}: no run, and nobody knows`);
          // A wrapper changes nothing, also of what the helper does about the faults; a user who goes ends the file.
          const expected = needs.later ? ["Failed reset"] : ["Succeed"];
          if (way === "is wrapped") assert.deepEqual(first.ends["a.mp4"], expected, method);

          await site.control("DELETE", "faults");
          await page.evaluate(() => (window.spoiled = false));
          if (first.ends["a.mp4"][0] !== "Succeed") {
            await call("start");
            const again = await call("ended", ["a.mp4"], 30_000, first.ends["a.mp4"].length + 1);
            assert.equal(again.ends["a.mp4"].at(-1), "Succeed", `${method}, started again: ${again.ends["a.mp4"]}`);
          }
          assert.ok(
            (await site.objects()).some(({ sha256 }) => sha256 === sum),
            "the stored bytes",
          );
          await page.context().close();
        });
      }
    });
  }
});
