// What users and pages do: stop, cancel, delete, empty the list, start again, leave things out, throw.

import { PART } from "../../support/parts.mjs";
import { progress, until } from "../../support/wait.mjs";

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
/** Calls a method of the uploader itself. */
const does =
  (method, ...args) =>
  async ({ page }) => {
    await page.evaluate(
      ([method, args]) => {
        try {
          window.harness.uploader[method](...args);
        } catch (error) {
          window.harness.errors.push(`${method}() threw: ${error.message}`);
        }
      },
      [method, args],
    );
  };
/** The AppServer answers late, so that `act` falls between the question and the answer. */
const late = { delaysMs: { app: 1500 } };
const between =
  (...acts) =>
  async (run) => {
    await sleep(400);
    for (const act of acts) await act(run);
    await sleep(2500);
  };
const two = ["a.mp4", "b.mp4"].map((name) => [name, 2 * PART]);
/** OSS refuses part 2 of the first file, and the AppServer is slow to answer: the SDK waits in its expired state. */
const expired = {
  config: { partDelayMs: 100 },
  faults: [{ service: "oss", action: "UploadPart", partNumber: 2, status: 403, code: "SecurityTokenExpired" }],
  slow: async ({ site, page }) => {
    await site.control("POST", "config", { delaysMs: { vod: 1500, app: 1500 } });
    await until(page, () => window.harness.calls.some(({ name }) => /Expired|Failed/.test(name)));
  },
};
const whileExpired =
  (...acts) =>
  async (run) => {
    await expired.slow(run);
    for (const act of acts) await act(run);
    await sleep(3500);
  };

export const people = [
  {
    name: "stopped while the first answer is pending",
    config: late,
    during: between(does("stopUpload")),
    ms: 500,
    ends: "none: file Stoped, uploader Stop",
  },
  {
    name: "stopped and started while the first answer is pending",
    config: late,
    during: between(does("stopUpload"), does("startUpload")),
  },
  {
    name: "the first of two cancelled while its answer is pending",
    files: two,
    config: late,
    during: between(does("cancelFile", 0)),
    ms: 4000,
    ends: { "a.mp4": "none: file Canceled, uploader End", "b.mp4": "Succeed" },
  },
  {
    name: "the first of two deleted while its answer is pending",
    files: two,
    config: late,
    during: between(does("deleteFile", 0)),
    ms: 4000,
    ends: { "a.mp4": "none: not in the list", "b.mp4": "Succeed" },
  },
  {
    name: "the list emptied while an answer is pending",
    config: late,
    during: between(does("cleanList")),
    ms: 500,
    ends: "none: not in the list",
  },
  {
    name: "the list emptied while an answer is pending, and another file added",
    config: late,
    files: [["a.mp4", 2 * PART]],
    during: between(
      does("cleanList"),
      ({ call }) => call("add", "c.mp4", PART),
      does("startUpload"),
      ({ call }) => call("ended", ["c.mp4"], 8000),
    ),
    ms: 500,
    created: 2,
    ends: "none: not in the list",
    also: ["c.mp4"],
  },
  {
    ...expired,
    name: "stopped while a refused credential is replaced",
    during: whileExpired(does("stopUpload")),
    ms: 500,
    refused: 1,
    ends: "none: file Stoped, uploader Stop",
  },
  {
    ...expired,
    name: "stopped and started while a refused credential is replaced",
    during: whileExpired(does("stopUpload"), does("startUpload")),
    refused: 1,
  },
  {
    ...expired,
    name: "cancelled while a refused credential is replaced",
    files: two,
    during: whileExpired(does("cancelFile", 0)),
    ms: 4000,
    refused: 1,
    ends: { "a.mp4": "none: file Canceled, uploader End", "b.mp4": "Succeed" },
  },
  {
    ...expired,
    name: "the list emptied while a refused credential is replaced, and another file added",
    files: [["a.mp4", 3 * PART]],
    during: whileExpired(
      does("cleanList"),
      ({ call }) => call("add", "c.mp4", PART),
      does("startUpload"),
      ({ call }) => call("ended", ["c.mp4"], 8000),
    ),
    ms: 500,
    created: 2,
    refused: 1,
    ends: "none: not in the list",
    also: ["c.mp4"],
  },
  {
    name: "stopped and started in the middle of a file",
    during: async (run) => {
      await progress(run.page, 3);
      await does("stopUpload")(run);
      await sleep(300);
      await does("startUpload")(run);
    },
    config: { partDelayMs: 300 },
    twice: 1,
  },
  {
    name: "stopped and started, three times within seconds, in the middle of a file",
    files: [["a.mp4", 6 * PART]],
    during: async (run) => {
      for (let round = 0; round < 3; round++) {
        await progress(run.page, 2 * round + 2);
        await does("stopUpload")(run);
        await sleep(150);
        await does("startUpload")(run);
        await sleep(150);
      }
    },
    config: { partDelayMs: 250 },
    // Those under way at each stop.
    twice: 3,
  },
  {
    name: "stopped and started while the last answer of OSS is on its way",
    files: [["a.mp4", 2 * PART]],
    faults: [{ service: "oss", action: "CompleteMultipartUpload", delayMs: 1500 }],
    during: async (run) => {
      await progress(run.page, 3);
      await sleep(300);
      await does("stopUpload")(run);
      await sleep(100);
      await does("startUpload")(run);
      await sleep(3000);
    },
    twice: 1,
  },
  ...["one.mp4", "one.png"].map((name) => ({
    name: `stopped and started right after ${name} was stored`,
    files: [
      [name, PART, { type: "" }],
      ["next.mp4", PART],
    ],
    before: async ({ page }) => {
      await page.evaluate(() => {
        const { harness } = window;
        const { options } = harness.uploader;
        const succeed = options.onUploadSucceed;
        let pressed = false;
        options.onUploadSucceed = (...args) => {
          succeed(...args);
          if (pressed) return;
          pressed = true;
          setTimeout(() => {
            harness.uploader.stopUpload();
            harness.start();
          }, 20);
        };
      });
    },
    during: async ({ call }) => void (await call("ended", [name, "next.mp4"], 10_000)),
  })),
  {
    name: "cancelled while OSS no longer has its parts",
    files: ["a.mp4", "b.mp4"].map((name) => [name, 3 * PART]),
    config: { partDelayMs: 400 },
    faults: [{ service: "oss", action: "AbortMultipartUpload", status: 404, code: "NoSuchUpload" }],
    during: async (run) => {
      await progress(run.page, 2);
      await does("cancelFile", 0)(run);
      await run.call("ended", ["b.mp4"], 15_000);
    },
    ms: 500,
    ends: { "a.mp4": "none: file Canceled, uploader End", "b.mp4": "Succeed" },
  },
  {
    name: "startUpload() pressed whenever a file fails",
    files: ["a.mp4", "b.mp4", "c.mp4"].map((name) => [name, 2 * PART]),
    faults: [{ service: "oss", action: "UploadPart", partNumber: 1, status: 403, code: "AccessDenied" }],
    config: { partDelayMs: 200 },
    before: async ({ page }) => {
      await page.evaluate(() => {
        const { harness } = window;
        const failed = harness.uploader.options.onUploadFailed;
        harness.uploader.options.onUploadFailed = (...args) => {
          failed(...args);
          setTimeout(() => harness.start());
        };
      });
    },
    ends: { "a.mp4": "Failed AccessDenied", "b.mp4": "Succeed", "c.mp4": "Succeed" },
    refused: 1,
  },
  ...["cancelFile", "deleteFile"].map((method) => ({
    name: `${method}() for the first of three, in the middle of it`,
    files: ["a.mp4", "b.mp4", "c.mp4"].map((name) => [name, 3 * PART]),
    config: { stsLifeMs: 4500, uploadAuthLifeMs: 4500, partDelayMs: 2600 },
    during: async (run) => {
      await progress(run.page, 2);
      await does(method, 0)(run);
      await run.call("ended", ["b.mp4", "c.mp4"], 30_000, 1, 8000);
    },
    ms: 500,
    ends: {
      "a.mp4": method === "cancelFile" ? "none: file Canceled, uploader End" : "none: not in the list",
      "b.mp4": "Succeed",
      "c.mp4": "Succeed",
    },
  })),
  {
    name: "startUpload() pressed ten times",
    during: async (run) => {
      for (let i = 0; i < 10; i++) await does("startUpload")(run);
    },
  },
  { name: "no paramData", files: [["a.mp4", PART, { paramData: null }]] },
  { name: "paramData without Vod", files: [["a.mp4", PART, { paramData: "{}" }]] },
  {
    name: "a time-out that is a text, and parts that take longer than the helper looks",
    files: [["a.mp4", 2 * PART]],
    options: { timeout: "60000" },
    config: { partDelayMs: 2500 },
  },
  { name: "no callbacks at all", files: [["a.mp4", 2 * PART]], options: { callbacks: "none" } },
  {
    name: "no callbacks at all, and a refusal",
    files: [["a.mp4", 2 * PART]],
    options: { callbacks: "none" },
    faults: expired.faults,
    refused: 1,
  },
  { name: "every callback of the page throws", files: two, options: { callbacks: "throw" }, throws: true },
  ...[0, 400].map((app) => ({
    name: `the page has kept the documented answers, the AppServer takes ${app} ms`,
    files: two,
    ours: { answers: true },
    config: { stsLifeMs: 4000, uploadAuthLifeMs: 4000, partDelayMs: 1200, delaysMs: { app } },
    faults: expired.faults,
    refused: 1,
  })),
  {
    name: "two uploaders on one page",
    files: [["a.mp4", 3 * PART]],
    config: { uploadAuthLifeMs: 5000, stsLifeMs: 5000, partDelayMs: 2300 },
    before: async ({ page, mode }) => {
      await page.evaluate(async (mode) => {
        const Harness = window.harness.constructor;
        window.second = new Harness(window.harness.Vod);
        window.second[mode]({ parallel: 1 });
        window.secondSum = await window.second.add("second.mp4", 3 << 17);
        window.second.start();
      }, mode);
    },
    during: async ({ page, site, mode }) => {
      const { ends } = await page.evaluate(() => window.second.ended(["second.mp4"], 20_000, 1, 5000));
      const sum = await page.evaluate(() => window.secondSum);
      const stored = (await site.objects()).some(({ sha256 }) => sha256 === sum);
      if (mode === "ours" && !(stored && ends["second.mp4"][0] === "Succeed"))
        throw new Error(`the second uploader: ${ends["second.mp4"]}`);
    },
    created: 2,
  },
];
