// Runs files of Node's tests in the order given, which `node --test` sorts by name:
//
//   node scripts/lib/node-tests.mjs [--at-once N] [--only TEXT] [--minutes N] FILE…
//
// TEXT is a part of the names of tests, or the end of a file's path, with its `.test.mjs`.
//
// A file that takes longer than those minutes hangs: it fails with the names of the tests it has begun, and those after
// it run.
import { subscribe } from "node:diagnostics_channel";
import { relative, resolve } from "node:path";
import { run } from "node:test";
import { parseArgs } from "node:util";

import { isFile, reporter } from "./reporter.mjs";

/** How long a file that hangs may take to end what it has started. */
const GRACE_MS = 3_000;

const options = {
  "at-once": { type: "string", default: "1" },
  only: { type: "string" },
  minutes: { type: "string", default: "15" },
};
const { values, positionals } = parseArgs({ options, allowPositionals: true });
const { only } = values;
const ofFile = only?.endsWith(".test.mjs");
const files = positionals.filter((file) => !ofFile || relative(".", file).endsWith(only));
const name = ofFile ? undefined : only?.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");

const endWhenRead = new URL("end-when-read.mjs", import.meta.url);
process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ""} --import=${endWhenRead}`;

const children = new Set();
subscribe("child_process", ({ process: child }) => {
  children.add(child);
  child.once("exit", () => children.delete(child));
});
/** Of files that were told to end and have not: one that computes without end does not hear of it. */
const endDeaf = () => children.forEach((child) => child.killed && child.kill("SIGKILL"));
let toldLast = -Infinity;

run({
  files: files.map((file) => resolve(file)),
  concurrency: Number(values["at-once"]),
  testNamePatterns: name && [new RegExp(name)],
  timeout: Number(values.minutes) * 60_000,
  // A test that failed leaves its servers running, and they would keep its file from ending.
  forceExit: true,
})
  .on("test:fail", (data) => {
    if (!isFile(data) || data.details.error?.failureType !== "testTimeoutFailure") return;
    toldLast = performance.now();
    setTimeout(endDeaf, GRACE_MS).unref();
  })
  .compose(reporter({ filtered: name !== undefined, onFailed: () => (process.exitCode = 1) }))
  .pipe(process.stdout);

process.once("exit", () => {
  const left = toldLast + GRACE_MS - performance.now();
  if (left > 0 && children.size > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, left);
  endDeaf();
});
