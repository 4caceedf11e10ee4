// The table of numbers is written twice: the module is not loaded yet when options are checked.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import { createTokenManager, POLICY_NUMBERS } from "upload-token";

import { counting } from "./support.mjs";

test("POLICY_NUMBERS is the table of src/policy.rs", async () => {
  const text = await readFile(new URL("../../../src/policy.rs", import.meta.url), "utf8");
  const rows = [...text.matchAll(/^ {4}\w+ \/ "(\w+)": \w+ = ([\d_]+), ([\d_]+)\.\.=([\d_]+);$/gm)];
  assert(rows.length > 30, `${rows.length} numbers were found`);
  const number = (digits) => Number(digits.replaceAll("_", ""));
  const table = rows.map(([, name, , low, high]) => [name, [number(low), number(high)]]);
  assert.deepEqual(Object.entries(POLICY_NUMBERS), table);
  for (const [, name, normal, low, high] of rows) {
    assert(number(low) <= number(normal) && number(normal) <= number(high), `the default of ${name}`);
  }
});

test("the module takes both ends of every range", async () => {
  for (const end of [0, 1]) {
    const policy = Object.fromEntries(Object.entries(POLICY_NUMBERS).map(([name, range]) => [name, range[end]]));
    const tokens = createTokenManager({ source: counting(3_600_000), policy });
    assert.equal((await tokens.getToken()).accessKeyId, "STS.Key1");
    tokens.close();
  }
});
