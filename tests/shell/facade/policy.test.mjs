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

/** Unit in src/policy.rs → how the documentation names it. */
const UNITS = { Millis: "In ms", PerMille: "In per mille", u32: "(In parts per million|A count)" };

test("a number has one name, in the manner of each language", async () => {
  const text = await readFile(new URL("../../../src/policy.rs", import.meta.url), "utf8");
  const names = [...text.matchAll(/^ {4}(\w+) \/ "(\w+)": /gm)];
  assert.equal(names.length, Object.keys(POLICY_NUMBERS).length);
  for (const [, field, name] of names) {
    assert.equal(
      field,
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    );
  }
});

test("RefreshPolicy documents each number with its unit, default and range", async () => {
  const read = (file) => readFile(new URL(`../../../${file}`, import.meta.url), "utf8");
  const [rust, types] = await Promise.all([read("src/policy.rs"), read("js/policy.ts")]);
  const rows = [...rust.matchAll(/^ {4}\w+ \/ "(\w+)": (\w+) = ([\d_]+), ([\d_]+)\.\.=([\d_]+);$/gm)];
  assert.equal(rows.length, Object.keys(POLICY_NUMBERS).length);
  const number = (digits) => Number(digits.replaceAll("_", "")).toLocaleString("en");
  for (const [, name, unit, normal, low, high] of rows) {
    const said = `${UNITS[unit]}; default ${number(normal)}, from ${number(low)} to ${number(high)}\\.`;
    const member = new RegExp(`/\\*\\*\\s[^/]+ ${said.replaceAll(" ", "[\\s*]+")}\\s+\\*/\\s+${name}: number;`);
    assert.match(types, member, `the documentation of ${name} says: ${said}`);
  }
});

test("the module takes both ends of every range, and goes by them", async () => {
  // The load of the module counts in a caller's wait, of which the shortest is 50 ms.
  await createTokenManager({ source: counting(3_600_000) }).getToken();
  const seen = [];
  for (const end of [0, 1]) {
    const policy = Object.fromEntries(Object.entries(POLICY_NUMBERS).map(([name, range]) => [name, range[end]]));
    const tokens = createTokenManager({ source: counting(3_600_000), policy });
    assert.equal((await tokens.getToken()).accessKeyId, "STS.Key1");
    seen.push(tokens.status());
    tokens.close();
  }
  const [low, high] = seen;
  // What answers with an end is believed for that long; the shares are of the life that is believed.
  assert(low.life > 900 && low.life <= 1_000, `${low.life}`);
  assert.deepEqual([low.margin, low.mandatory], [0, 0]);
  const drift = 3_600_000 * 0.1;
  assert(Math.abs(high.life - (3_600_000 - drift)) < 5_000, `${high.life}`);
  assert.deepEqual([high.margin, high.mandatory], [300_000, 600_000]);
  // Refreshed within its last millisecond, and as soon as it is old enough: a window of most of its life is open by then.
  assert(low.refreshIn > 0.9 * low.validFor, `${low.refreshIn} of ${low.validFor}`);
  assert(Math.abs(high.refreshIn - 0.9 * high.life) < 5_000, `${high.refreshIn} of ${high.life}`);
});

test("a request is given up after `deadline`, wherever it is said", async () => {
  const policy = { waitDeadline: 60_000, backoffBase: 60_000 };
  for (const options of [
    { deadline: 200 },
    { policy: { deadline: 200 } },
    { deadline: 200, policy: { deadline: undefined } },
    { deadline: 120_000, policy: { deadline: 200 } },
  ]) {
    const given = new Promise((resolve) => {
      const source = ({ signal }) =>
        new Promise(() => {
          const since = performance.now();
          signal.addEventListener("abort", () => resolve(performance.now() - since));
        });
      const tokens = createTokenManager({ source, ...options, policy: { ...policy, ...options.policy } });
      tokens.on("refreshFailed", () => tokens.close());
      tokens.getToken().catch(() => {});
    });
    const took = await given;
    assert(took >= 100 && took < 30_000, `${JSON.stringify(options)}: after ${took} ms`);
  }
});
