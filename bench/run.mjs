// Measures, and writes down what was measured.
//
//   npm run bench                 all of it, about eight minutes
//   npm run bench -- hot fleet    some of: hot, start, upload, fleet, appserver
//
// Nothing here passes or fails: figures are for people. Each part writes `results/NAME.json`, and the tables and plots
// of README.md are made from those files.
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";

import { build } from "../scripts/build.mjs";
import { ask, command, Failure, root, run, say } from "../scripts/lib/run.mjs";
import { setup } from "../scripts/setup.mjs";
import { writeReadme } from "./lib/readme.mjs";

const PARTS = ["hot", "start", "upload", "fleet", "appserver"];
const results = join(root, "bench/results");

await command(async () => {
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !PARTS.includes(name));
  if (unknown.length > 0) throw new Failure(`no such part: ${unknown.join(", ")}; there are ${PARTS.join(", ")}`);
  await setup();
  await build();
  if (!existsSync(join(root, "bench/node_modules"))) await run("npm", ["ci"], { cwd: join(root, "bench") });
  await mkdir(results, { recursive: true });
  for (const name of wanted.length > 0 ? wanted : PARTS) {
    say(`bench      ${name}`);
    const load = loadavg()[0];
    const { measure } = await import(`./${name}.mjs`);
    const measured = await measure();
    const result = { machine: { ...machine(), loadBefore: Number(load.toFixed(2)) }, ...measured };
    await writeFile(join(results, `${name}.json`), `${JSON.stringify(result)}\n`);
  }
  await writeReadme();
  say("bench      results are in bench/README.md");
});

function machine() {
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: ask("git", ["rev-parse", "--short", "HEAD"]),
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    node: process.versions.node,
  };
}
