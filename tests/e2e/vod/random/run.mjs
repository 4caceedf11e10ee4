// Carries a plan out, and holds what became of it to the promise.
import assert from "node:assert/strict";

import { placeOf } from "./plan.mjs";

/** When the faults have stopped. */
const WELL = { partDelayMs: 0, stsLifeMs: null, uploadAuthLifeMs: null, bytesPerSecond: null };

/** How long the files may take after a start, ms: their deadline, the SDK's time-outs, and a busy machine. */
const AT_REST_WITHIN = 20_000;

/** How often a page presses start once all is well. */
const STARTS = 2;

/** Requests to the AppServer in any second, of all files together; more would be a loop. */
const ASKED_A_SECOND = 12;

/** Carries `plan` out at `site`; throws unless the promise is kept. */
export async function run(site, plan) {
  await site.reset({ config: plan.config });
  const page = await site.open();
  try {
    const sums = await page.evaluate(begin, plan);
    for (const step of plan.steps) {
      await new Promise((done) => setTimeout(done, step.wait));
      await ACTS[step.act](site, page, step.with);
    }
    await page.context().setOffline(false);
    await site.control("DELETE", "faults");
    await site.control("POST", "config", WELL);
    let report;
    for (let start = 0; start < STARTS; start++) {
      report = await page.evaluate(startAndRest, AT_REST_WITHIN);
      if (report.files.every(({ state }) => state === "Success" || state === "Canceled")) break;
    }
    assertKept({ plan, report, sums, log: await site.log(), objects: await site.objects(), uncaught: page.uncaught });
  } catch (error) {
    const trace = await page.evaluate(() => window.told?.map((line) => line.join(" ")).join("\n")).catch(() => "");
    error.message = `${plan.about}: ${error.message}\n${plan.steps.map((step) => JSON.stringify(step)).join("\n")}\n${trace}`;
    throw error;
  } finally {
    await page.context().close();
  }
}

const ACTS = {
  fault: (site, page, fault) => site.control("POST", "faults", [fault]),
  throttle: (site) => site.control("POST", "config", { bytesPerSecond: 200_000 }),
  offline: async (site, page, span) => {
    await page.context().setOffline(true);
    await new Promise((done) => setTimeout(done, span));
    await page.context().setOffline(false);
  },
  stop: (site, page) => page.evaluate(() => window.press("stopUpload")),
  start: (site, page) => page.evaluate(() => window.press("startUpload")),
  restart: (site, page) =>
    page.evaluate(() => {
      window.press("stopUpload");
      window.press("startUpload");
    }),
  cancel: (site, page, index) => page.evaluate((index) => window.press("cancelFile", index), index),
  wake: (site, page) => page.evaluate(() => window.dispatchEvent(new Event("online"))),
};

/** In the page: makes the uploader and starts it; resolves with each file's SHA-256 by its name. */
async function begin({ files, options }) {
  const { harness } = window;
  /** All that is told and pressed, in its order: `[ms, what, file, …]`. */
  window.told = [];
  const tell = (...line) => window.told.push([Math.round(performance.now()), ...line]);
  const told = (name) => (info, code) => tell(name, info?.file.name ?? "", ...(typeof code === "string" ? [code] : []));
  const { policy, ...rest } = options;
  harness.ours({
    ...rest,
    policy,
    callbacks: "none",
    ...Object.fromEntries(
      ["onUploadstarted", "onUploadSucceed", "onUploadFailed", "onUploadCanceled", "onUploadTokenExpired"].map(
        (name) => [name, told(name)],
      ),
    ),
  });
  window.press = (method, ...args) => {
    tell(method, ...args);
    try {
      harness.uploader[method](...args);
    } catch (error) {
      tell("threw", method, error.message);
    }
  };
  const sums = {};
  for (const [name, size, about] of files) sums[name] = await harness.add(name, size, about);
  window.press("startUpload");
  return sums;
}

/** In the page: starts, and resolves when no file will change any more, or after `ms`. */
async function startAndRest(ms) {
  const { uploader } = window.harness;
  window.press("startUpload");
  const lastOf = (name) =>
    window.told.findLast(([, what, file]) => file === name && /started|Succeed|Failed/.test(what))?.[1];
  const rests = ({ file: { name }, state }) =>
    ["Success", "Canceled", "Stoped"].includes(state) || (state === "Failure" && lastOf(name) === "onUploadFailed");
  const until = performance.now() + ms;
  let quiet = 0;
  while (quiet < 4 && performance.now() < until) {
    await new Promise((done) => setTimeout(done, 100));
    quiet = uploader.listFiles().every(rests) ? quiet + 1 : 0;
  }
  const files = uploader.listFiles().map(({ file, state, videoId, imageId }) => {
    return { name: file.name, state, videoId, imageId };
  });
  return { files, told: window.told };
}

function assertKept({ plan, report: { files, told }, sums, log, objects, uncaught }) {
  for (const { name, state, videoId, imageId } of files) {
    if (state === "Canceled") continue;
    assert.equal(state, "Success", `the state of ${name}`);
    const stored = objects.filter(({ sha256 }) => sha256 === sums[name]);
    assert.equal(stored.length, 1, `objects that are ${name}`);
    if (plan.mode === "direct") {
      const { bucket, object: key } = placeOf(name);
      assert.deepEqual([stored[0].bucket, stored[0].key], [bucket, key], `the place of ${name}`);
      continue;
    }
    const id = stored[0].videoId ? videoId : imageId;
    assert.equal(id, stored[0].videoId ?? stored[0].imageId, `the id of ${name}`);
  }
  for (const { name } of files) assertToldOnce(name, told);
  if (plan.mode === "direct") {
    assert.deepEqual(
      log.filter(({ service }) => service === "vod"),
      [],
      "VOD is not asked",
    );
  }
  assert.deepEqual(uncaught, [], "errors that nobody caught");
  assert.deepEqual(
    told.filter(([, what]) => what === "threw"),
    [],
    "what the page pressed",
  );
  const asked = log.filter(({ service, preflight }) => service === "app" && !preflight).map(({ at }) => at);
  const most = Math.max(0, ...asked.map((from) => asked.filter((at) => at >= from && at < from + 1000).length));
  assert.ok(most <= ASKED_A_SECOND, `${most} requests to the AppServer within a second`);
}

/** A file ends once for each start, and never again once it is stored. */
function assertToldOnce(name, told) {
  let ends = 0;
  let stored = false;
  for (const [, what, file] of told) {
    if (what === "startUpload") ends = 0;
    if (file !== name || !/Succeed|Failed/.test(what)) continue;
    assert.ok(!stored, `${name} was told of after it was stored: ${what}`);
    assert.equal(++ends, 1, `${name} was told of twice: ${what}`);
    stored = what === "onUploadSucceed";
  }
}
