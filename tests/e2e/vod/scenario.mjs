// Runs one scenario, with the vendor's documented integration or with ours, and says what became of it.
import assert from "node:assert/strict";

import { figures } from "../support/figures.mjs";
import { PART } from "../support/parts.mjs";

/**
 * @typedef {object} Scenario
 * @property {string} name
 * @property {[name: string, size: number, about?: { type?: string, paramData?: string }][]} [files] default one video of five parts
 * @property {object} [config] of the local cloud
 * @property {object[]} [faults] of the local cloud, each of which must have struck at the end with ours
 * @property {object} [options] of the uploader, in both integrations; parts go one after the other by default
 * @property {object} [ours] options of ours
 * @property {string} [page] one of PAGES
 * @property {string[]} [hide] private members of the SDK that ours must do without
 * @property {(run: Run) => Promise<void>} [setUp] before the page is loaded
 * @property {(run: Run) => Promise<void>} [before] before the start
 * @property {(run: Run) => Promise<void>} [during] after the start
 * @property {string | RegExp | Record<string, string>} [ends] how each file ends with ours: `Succeed`, or `Failed <code>`, or `none`
 * @property {string} [documented] what becomes of it with the documented integration, where that is judged: a control
 * @property {number} [refused] answers of OSS with 403 that ours may see
 * @property {number} [twice] parts that OSS may be given twice with ours: those in flight when the page stopped the upload
 * @property {number} [created] media that ours may create; default one a file
 * @property {string[]} [also] files added by the scenario itself that must end well
 * @property {boolean} [throws] whether the page's own callbacks throw, which is reported as the page's error
 * @property {number} [ms] how long ours may take; not a measure of speed, only an end to waiting
 *
 * @typedef {{ site: object, page: object, mode: "ours" | "documented", begin: () => Promise<void>, call: (method: string, ...args: unknown[]) => Promise<unknown> }} Run
 */

/** Runs `scenario` in `mode`; resolves with all there is to know of it. */
export async function run(site, scenario, mode) {
  const { files = [["a.mp4", 5 * PART]], config = {}, faults = [], options = {}, ours = {}, ms = 60_000 } = scenario;
  await site.reset({ config, faults });
  const page = await site.blank();
  const call = (method, ...args) => page.evaluate(([method, args]) => window.harness[method](...args), [method, args]);
  const run = { site, page, mode, call };
  const sums = {};
  /** Loads the page and adds the files, also after a reload. */
  run.begin = async () => {
    await site.load(page, scenario.page);
    if (mode === "ours" && scenario.hide) await call("hide", scenario.hide);
    await call(mode, { parallel: 1, ...options, ...(mode === "ours" && ours) });
    for (const [name, size, about] of files) sums[name] = await call("add", name, size, about);
    await scenario.before?.(run);
    await call("start");
  };
  try {
    await scenario.setUp?.(run);
    await run.begin();
    await scenario.during?.(run);
    const names = Object.keys(sums);
    // A file that is told of twice has not ended with the first.
    const times = typeof scenario.ends === "string" ? scenario.ends.split(", ").length : 1;
    const report =
      mode === "ours" ? await call("ended", names, ms, times) : await call("ended", names, 15_000, 1, 4000);
    report.errors.push(...page.uncaught);
    const outcome = { ...run, names, sums, report, log: await site.log(), objects: await site.objects() };
    if (mode === "ours") await assertOurs(scenario, outcome);
    return describe(outcome);
  } finally {
    await page.context().close();
  }
}

function stored({ objects, report, sums }, name) {
  const { videoId, imageId } = report.states.find((file) => file.name === name) ?? {};
  return objects.some(
    (object) =>
      object.sha256 === sums[name] && (object.videoId ? object.videoId === videoId : object.imageId === imageId),
  );
}

async function assertOurs(scenario, outcome) {
  const { names, report, log, call, site } = outcome;
  const { ends = "Succeed", refused = 0, twice = 0, created = names.length } = scenario;
  const expected = (name) => (typeof ends === "string" || ends instanceof RegExp ? ends : ends[name]);
  for (const name of names) {
    const was = report.ends[name].join(", ") || state(report, name);
    if (expected(name) instanceof RegExp) assert.match(was, expected(name), `the end of ${name}`);
    else assert.equal(was, expected(name), `the end of ${name}`);
    if (was.endsWith("Succeed")) assert.ok(stored(outcome, name), `the stored bytes of ${name}`);
  }
  for (const name of scenario.also ?? [])
    assert.deepEqual((await call("report", [name])).ends[name], ["Succeed"], name);
  const errors = report.errors.filter((error) => !scenario.throws || !error.includes("thrown by the page's"));
  assert.deepEqual(errors, [], "errors that nobody caught");
  const seen = figures(log);
  const refusals = () => log.filter(({ status }) => status === 403).map((entry) => JSON.stringify(entry));
  assert.ok(seen.refused <= refused, `more than ${refused} answers with 403:\n${refusals().join("\n")}`);
  assert.ok(seen.storedTwice.length <= twice, `${seen.storedTwice.length} parts twice, of at most ${twice}`);
  assert.ok(seen.created <= created, `${seen.created} media created, of at most ${created}`);
  // A fault that strikes nothing makes a plain upload of its scenario.
  const pending = await site.control("GET", "faults");
  const left = pending.filter((fault) => fault.times > 0 || !log.some((entry) => struck(fault, entry)));
  assert.deepEqual(left, [], "faults that were planned and did not strike");
  const failed = names.filter((name) => report.ends[name].at(-1)?.startsWith("Failed"));
  if (failed.length === 0) return;

  // Whatever failed can be started again once the cause is gone.
  await site.control("DELETE", "faults");
  await site.control("POST", "config", { exposeEtag: true, corsOnError: true });
  const before = report.ends[failed[0]].length;
  await call("start");
  const again = await call("ended", failed, 60_000, before + 1);
  const objects = await site.objects();
  for (const name of failed) {
    assert.equal(again.ends[name].at(-1), "Succeed", `${name}, started again: ${again.ends[name]}`);
    assert.ok(stored({ ...outcome, report: again, objects }, name), `the stored bytes of ${name}, started again`);
  }
  assert.deepEqual(outcome.page.uncaught, report.errors);
}

/** Whether `entry` of the log is what a fault that strikes for ever made of a request. */
function struck({ service, action, partNumber, status, code, hang, drop }, entry) {
  const made = { service, action, partNumber, status, code: hang ? "Hung" : drop ? "Dropped" : code };
  return Object.entries(made).every(([name, value]) => value === null || entry[name] === value);
}

function state(report, name) {
  const file = report.states.find((info) => info.name === name);
  if (file?.state === "Success") return "Succeed";
  return file ? `none: file ${file.state}, uploader ${report.uploader}` : "none: not in the list";
}

/** An outcome in a few words, for the table. */
function describe({ names, report, log, ...outcome }) {
  const ends = names.map((name) => {
    const end = report.ends[name].join(" then ") || state(report, name);
    const lost = end === "Succeed" && !stored({ report, ...outcome }, name);
    return lost ? "Succeed, but the bytes are not under the id it reports" : end;
  });
  const same = [...new Set(ends)];
  const seen = figures(log);
  const remarks = [
    same.length === 1 ? same[0] : ends.join("; "),
    seen.refused > 0 && `${seen.refused} × 403`,
    seen.storedTwice.length > 0 && `${seen.storedTwice.length} parts twice`,
    seen.created > names.length && `${seen.created} media created`,
    ...new Set(report.errors.map((error) => (error.length > 90 ? `${error.slice(0, 90)}…` : error))),
  ];
  return remarks.filter(Boolean).join("; ");
}
