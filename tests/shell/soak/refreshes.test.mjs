// A page that stays open for years holds no more than one that was just opened.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const REFRESHES = 100_000;

test(`${REFRESHES} refreshes leave memory and closures flat`, async () => {
  const program = fileURLToPath(new URL("refreshes.mjs", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program, String(REFRESHES)]);
  const { before, after, told, asked } = JSON.parse(stdout);
  assert(told.token >= REFRESHES, `${told.token} tokens`);
  assert(told.refreshFailed > REFRESHES / 3 && told.rejected > REFRESHES / 20, JSON.stringify(told));

  console.log(`${asked} requests, events: ${JSON.stringify(told)}`);
  console.log(`after 1,000 tokens → after ${REFRESHES}`);
  for (const [name, unit] of Object.entries(UNITS)) {
    console.log(
      `  ${name.padEnd(10)} ${before[name].toLocaleString("en")} → ${after[name].toLocaleString("en")} ${unit}`,
    );
  }
  assert.equal(after.memory, before.memory);
  assert.equal(after.table, before.table);
  assert.equal(after.closures, before.closures);
  assert(after.heap - before.heap < 2e6, `${after.heap - before.heap} bytes more of JavaScript's heap`);
});

const UNITS = {
  memory: "bytes of WebAssembly memory",
  table: "entries of its table of JavaScript values",
  closures: "closures and objects of Rust alive in JavaScript",
  heap: "bytes of JavaScript's heap after a collection",
};
