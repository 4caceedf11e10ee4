// Runs files of Node's tests in the order given, which `node --test` sorts by name:
//
//   node scripts/lib/node-tests.mjs [--at-once N] [--only TEXT] FILE…
import { resolve } from "node:path";
import { run } from "node:test";
import { parseArgs } from "node:util";

import report from "./reporter.mjs";

/** A file that takes longer hangs. It fails by its name, and those after it run. */
const FILE_TIMEOUT_MS = 15 * 60_000;

const options = { "at-once": { type: "string", default: "1" }, only: { type: "string" } };
const { values, positionals } = parseArgs({ options, allowPositionals: true });
const only = values.only?.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");

run({
  files: positionals.map((file) => resolve(file)),
  concurrency: Number(values["at-once"]),
  testNamePatterns: only && [new RegExp(only)],
  timeout: FILE_TIMEOUT_MS,
  // A test that failed leaves its servers running, and they would keep its file from ending.
  forceExit: true,
})
  .on("test:fail", () => (process.exitCode = 1))
  .compose(report)
  .pipe(process.stdout);
