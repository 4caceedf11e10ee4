// What devices and browsers do: wrong clocks, sleep, no network, reloads.

import { PART } from "../../support/parts.mjs";
import { progress } from "../../support/wait.mjs";

const DAY = 86_400_000;
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** Makes the page's wall clock wrong, by an amount that the test may change. */
const wrongClock =
  (offset) =>
  ({ page }) =>
    page.addInitScript((offset) => {
      const Real = Date;
      window.clockOffset = offset;
      const now = () => Real.now() + window.clockOffset;
      window.Date = class extends Real {
        constructor(...args) {
          if (args.length === 0) super(now());
          else super(...args);
        }

        static now() {
          return now();
        }
      };
    }, offset);

/** A life is renewed when at least 30 % of it is left, so that a busy machine may hold a page up for most of a second. */
const SHORT = { stsLifeMs: 3000, uploadAuthLifeMs: 3000, partDelayMs: 1800 };
/** The same where no answer with 403 is allowed, for a machine that is busier than that. */
const RENEWED = { stsLifeMs: 5000, uploadAuthLifeMs: 5000, partDelayMs: 2700 };

/** Nothing of the page runs for longer than its credentials live: timers and answers come late, as after a sleep. */
const suspended =
  (jump = 0) =>
  async ({ page }) => {
    await progress(page, 3);
    await page.evaluate((jump) => {
      const until = performance.now() + 5000;
      while (performance.now() < until);
      window.clockOffset += jump;
      window.dispatchEvent(new Event("focus"));
    }, jump);
  };

/** Reloads in the middle of the file, and begins again with the same file. */
const reloads = async ({ page, begin }) => {
  await progress(page, 3);
  await begin();
};

export const devices = [
  { name: "the device's clock is a day ahead", setUp: wrongClock(DAY), config: RENEWED },
  { name: "the device's clock is a day behind", setUp: wrongClock(-DAY), config: RENEWED },
  {
    name: "the device's clock is set back an hour in the middle",
    setUp: wrongClock(0),
    config: RENEWED,
    during: async ({ page }) => {
      await progress(page, 2);
      await page.evaluate(() => (window.clockOffset -= 3_600_000));
    },
  },
  {
    name: "nothing of the page runs for longer than the credentials live",
    setUp: wrongClock(0),
    config: SHORT,
    during: suspended(),
    refused: 1,
  },
  {
    name: "the same, and the wall clock has moved on by two hours, as after a sleep",
    setUp: wrongClock(0),
    config: SHORT,
    during: suspended(7_200_000),
    refused: 1,
  },
  {
    name: "no network for longer than the credentials live",
    config: SHORT,
    during: async ({ page }) => {
      await progress(page, 3);
      await page.context().setOffline(true);
      await sleep(5000);
      await page.context().setOffline(false);
    },
    ends: /^(Failed (RequestError|network)|Succeed)$/,
  },
  { name: "a reload in the middle", config: { partDelayMs: 400 }, during: reloads, twice: 1 },
  { name: "a reload in the middle, credentials of 5 s", config: RENEWED, during: reloads, twice: 1 },
  {
    name: "a reload in the middle, and the page sets an onbeforeunload of its own",
    config: { partDelayMs: 400 },
    before: ({ page }) => page.evaluate(() => void (window.onbeforeunload = () => undefined)),
    during: reloads,
    twice: 1,
  },
  {
    name: "a reload in the middle, and VOD no longer knows the video",
    config: { partDelayMs: 400 },
    during: async (run) => {
      await progress(run.page, 3);
      await run.site.control("POST", "faults", [
        { service: "vod", action: "RefreshUploadVideo", status: 404, code: "InvalidVideo.NotFound" },
      ]);
      await run.begin();
    },
    created: 2,
  },
  {
    name: "a reload in the middle of an image",
    files: [["a.png", 4 * PART, { type: "image/png" }]],
    config: { partDelayMs: 400 },
    during: reloads,
    created: 2,
  },
];
