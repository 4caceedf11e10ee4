// Runs files of Node's tests in the order given, which `node --test` sorts by name:
//
//   node scripts/lib/node-tests.mjs [--at-once N] [--only TEXT] [--minutes N] FILE…
//
// A file that takes longer than those minutes hangs: it fails with the names of the tests it has begun, and those after
// it run.
import { resolve } from "node:path";
import { run } from "node:test";
import { parseArgs } from "node:util";

import report from "./reporter.mjs";

const options = {
  "at-once": { type: "string", default: "1" },
  only: { type: "string" },
  minutes: { type: "string", default: "15" },
};
const { values, positionals } = parseArgs({ options, allowPositionals: true });
const only = values.only?.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");

run({
  files: positionals.map((file) => resolve(file)),
  concurrency: Number(values["at-once"]),
  testNamePatterns: only && [new RegExp(only)],
  timeout: Number(values.minutes) * 60_000,
  // A test that failed leaves its servers running, and they would keep its file from ending.
  forceExit: true,
})
  .on("test:fail", () => (process.exitCode = 1))
  .compose(report)
  .pipe(process.stdout);
