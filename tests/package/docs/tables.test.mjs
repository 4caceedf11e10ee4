// The numbers and names in tables of the documentation, against what they are about.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { buildAppServer, control, startAppServer } from "../../../scripts/lib/app-server.mjs";
import { root } from "../../../scripts/lib/run.mjs";

/** The rows of the table under `heading` in a page, without the head. */
async function table(page, heading) {
  const text = await readFile(join(root, "docs", page), "utf8");
  const section = text.slice(text.indexOf(heading)).split("\n\n");
  const lines = section
    .find((part) => part.startsWith("|"))
    .trimEnd()
    .split("\n");
  return lines.slice(2).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const words = (cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, word]) => word);

/** Name in TypeScript → default, as the module has it. */
async function defaults() {
  const source = await readFile(join(root, "src/policy.rs"), "utf8");
  const numbers = [...source.matchAll(/^ {4}\w+ \/ "(\w+)": \w+ = ([\d_]+),/gm)];
  return Object.fromEntries(numbers.map(([, name, value]) => [name, Number(value.replaceAll("_", ""))]));
}

let server;

before(async () => {
  await buildAppServer();
  server = await startAppServer();
});
after(() => server?.stop());

test("the policy's numbers are the module's", async () => {
  const real = await defaults();
  const rows = await table("token-life.md", "## Change the numbers");
  assert(rows.length >= 20);
  for (const [name, value] of rows) {
    assert.equal(Number(value.replaceAll(",", "")), real[words(name)[0]], name);
  }
});

test("the windows of each life follow from them", async () => {
  const real = await defaults();
  const share = (life, name) => (life * real[name]) / 1000;
  const second = { h: 3600, min: 60, s: 1 };
  const span = (text) => {
    const [, number, unit] = /([\d.]+) (h|min|s)/.exec(text);
    return Number(number) * second[unit] * 1000;
  };
  const rows = await table("token-life.md", "How long the zones are");
  assert(rows.length >= 5, `${rows.length} lives`);
  for (const [name, age, mandatory, margin] of rows) {
    const life = span(name);
    const least = Math.min(real.advisoryWindow, Math.max(real.advisoryWindowLeast, share(life, "advisoryShare")));
    const mean = Math.min(least, share(life, "advisoryCap"));
    const spread = (mean * real.jitter) / 1000;
    const [from, to] = [life - mean - spread - life / 20, life - mean + spread];
    const [, first, last, unit] = /([\d.]+) to ([\d.]+) (\w+)/.exec(age);
    const rounding = unit === "min" ? 30_000 : 500;
    assert(Math.abs(Number(first) * second[unit] * 1000 - from) <= rounding, `${name}: from ${from}`);
    assert(Math.abs(Number(last) * second[unit] * 1000 - to) <= rounding, `${name}: to ${to}`);
    assert.equal(span(mandatory), Math.min(real.mandatoryWindow, share(life, "mandatoryShare")), name);
    assert.equal(span(margin), Math.min(real.margin, share(life, "marginShare")), name);
  }
});

test("the local cloud has the settings that the page names, with these defaults", async () => {
  const rows = await table("testing.md", "### Settings");
  await control(server.http, "POST", "reset");
  const real = await control(server.http, "GET", "config");
  const shown = Object.fromEntries(rows.map(([name, value]) => [words(name)[0], JSON.parse(words(value)[0])]));
  assert.deepEqual(shown, real);
});

test("the local cloud takes a fault with every member that the page names", async () => {
  const rows = await table("testing.md", "### Faults");
  assert(rows.length >= 5, `${rows.length} members`);
  const example = { headers: {}, partNumber: 1, skip: 1, times: 1, status: 500, delayMs: 1, hang: true, drop: true };
  for (const name of rows.flatMap(([cell]) => words(cell))) {
    const [planned] = await control(server.http, "POST", "faults", { service: "oss", [name]: example[name] ?? "a" });
    assert.deepEqual(planned[name], example[name] ?? "a");
    await control(server.http, "DELETE", "faults");
  }
});

test("the control interface has every request that the page names", async () => {
  const rows = await table("testing.md", "## End to end");
  assert(rows.length >= 5, `${rows.length} requests`);
  for (const [cell] of rows) {
    const [path] = words(cell).slice(-1);
    for (const method of words(cell).slice(0, -1)) {
      const body = method === "POST" ? (path === "faults" ? [] : {}) : undefined;
      const answer = await fetch(`${server.http}/__control/${path}`, { method, body: body && JSON.stringify(body) });
      const { error } = await answer.json();
      assert.notEqual(error, "no such control", `${method} ${path}`);
    }
  }
});
