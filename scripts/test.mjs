// Runs every test suite, one after another, and sums them up.
//
//   npm test                 all suites
//   npm test -- wasm e2e     only these
//
// Each suite's output goes to .cache/test/SUITE.log; a failing one is printed as well.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { build } from "./build.mjs";
import { buildAppServer } from "./lib/app-server.mjs";
import { ensureChrome, ensureFirefox, ensureWebKit } from "./lib/browsers.mjs";
import { command, Failure, root, run, say } from "./lib/run.mjs";
import { enginesOf, SUITES } from "./lib/suites.mjs";
import { setup } from "./setup.mjs";

/** A suite that takes longer hangs. */
const TIMEOUT_MS = 30 * 60_000;

await command(async () => {
  const chosen = process.argv.slice(2);
  const unknown = chosen.find((name) => !(name in SUITES));
  if (unknown) throw new Failure(`no suite is called ${unknown}; there are ${Object.keys(SUITES).join(", ")}`);

  const names = chosen.length > 0 ? chosen : Object.keys(SUITES);
  const engines = new Set(names.flatMap(enginesOf));
  await setup({ engines: [...engines] });
  await build();
  await buildAppServer();
  const machine = await ensureChrome();
  if (engines.has("firefox")) Object.assign(machine, await ensureFirefox());
  if (engines.has("webkit")) Object.assign(machine, await ensureWebKit());
  const results = [];
  for (const name of names) {
    results.push({ name, ...(await runSuite(name, SUITES[name](machine))) });
  }
  print(results);
  if (results.some(({ failed }) => failed > 0)) process.exitCode = 1;
});

/** Resolves with `{ passed, failed, skipped, seconds }`; `failed` is at least 1 unless the suite went as it should. */
async function runSuite(name, { program, args, env, read, unstarted = () => false, empty = false }) {
  say(`test       ${name}`);
  if (empty) {
    console.log("  there is no test in it");
    return { passed: 0, failed: 1, skipped: 0, seconds: 0 };
  }
  const began = performance.now();
  const once = () => run(program, args, { check: false, env, timeout: TIMEOUT_MS });
  let { code, output } = await once();
  if (code !== 0 && unstarted(output)) {
    console.log(`  the browser began no test; once more\n${output.trimEnd()}`);
    ({ code, output } = await once());
  }
  const seconds = (performance.now() - began) / 1000;
  const log = join(".cache/test", `${name}.log`);
  await mkdir(join(root, ".cache/test"), { recursive: true });
  await writeFile(join(root, log), output);

  const { passed, failed, skipped, closing } = read(output);
  // A program that did not compile, crashed or ran nothing has no failed test to count, and has failed.
  const broken = failed === 0 && (code !== 0 || passed === 0);
  if (code !== 0 || broken) console.log(output.trimEnd());
  for (const line of closing) console.log(`  ${line}`);
  if (broken) console.log(`  ${name} ended with exit code ${code} after ${passed} passed tests (${log})`);
  return { passed, failed: failed + (broken ? 1 : 0), skipped, seconds };
}

function print(results) {
  const cells = (name, ...figures) => name.padEnd(24) + figures.map((figure) => String(figure).padStart(9)).join("");
  console.log(`\n${cells("suite", "passed", "failed", "skipped", "seconds")}`);
  const total = { passed: 0, failed: 0 };
  for (const { name, passed, failed, skipped, seconds } of results) {
    console.log(cells(name, passed, failed, skipped, seconds.toFixed(1)));
    total.passed += passed;
    total.failed += failed;
  }
  console.log(`\n${total.passed} passed, ${total.failed} failed`);
}
