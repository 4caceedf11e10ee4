// Runs the test suites and sums them up. Those that mostly wait run beside those that compute.
//
//   npm test                              all suites
//   npm test -- wasm e2e                  only these
//   npm test -- e2e --only "ten files"    only the tests of them whose name holds the text
//   npm test -- e2e --only a.test.mjs     only those of the files whose path ends so
//   npm run test:quick                    the core and the facade, for the loop at the desk
//
// Each suite's whole output is in .cache/test/SUITE.log.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { build } from "./build.mjs";
import { buildAppServer } from "./lib/app-server.mjs";
import { endAll, measure } from "./lib/measure.mjs";
import { command, Failure, root, say } from "./lib/run.mjs";
import { ALL, QUICK, SUITES } from "./lib/suites.mjs";
import { setup } from "./setup.mjs";

/** A suite that takes longer hangs. */
const TIMEOUT_MS = 30 * 60_000;

/** How often a person who waits hears what is under way. */
const PROGRESS_MS = 30_000;

/** What computes lets those go first that wait for a moment to pass, and is still done when they are. */
const NICE = { computes: 10, uploads: 0, browsers: 0 };

const LOGS = ".cache/test";

// Before anything is awaited: what runs in groups of its own does not hear a terminal's Ctrl-C.
for (const [signal, number] of Object.entries({ SIGINT: 2, SIGTERM: 15 })) {
  process.once(signal, async () => {
    await endAll();
    process.exit(128 + number);
  });
}

await command(async () => {
  const { names, only } = chosen();
  const needs = new Set(names.flatMap((name) => SUITES[name].needs));
  const machine = await setup({
    browser: needs.has("chromium"),
    others: [...needs],
    build: async () => {
      await build();
      if (needs.has("servers")) await buildAppServer();
    },
  });
  await mkdir(join(root, LOGS), { recursive: true });

  const total = { passed: 0, failed: 0 };
  const running = new Map();
  const progress = setInterval(() => tell(running), PROGRESS_MS);
  const left = [...names];
  const lane = async (kind) => {
    while (left.length > 0) {
      // One whose own suites are done takes another's.
      const own = left.findIndex((name) => SUITES[name].lane === kind);
      const [name] = left.splice(Math.max(own, 0), 1);
      const { passed, failed } = await runSuite(name, { machine, only, running });
      total.passed += passed;
      total.failed += failed;
    }
  };
  try {
    await Promise.all(Object.keys(NICE).map(lane));
  } finally {
    clearInterval(progress);
  }
  console.log(`\nlogs in ${LOGS}/\n${total.passed} passed, ${total.failed} failed`);
  if (total.failed > 0) process.exitCode = 1;
});

/** The suites and tests that the command line asks for. */
function chosen() {
  const options = { only: { type: "string" }, quick: { type: "boolean" } };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const unknown = positionals.find((name) => !(name in SUITES));
  if (unknown) throw new Failure(`no suite is called ${unknown}; there are ${Object.keys(SUITES).join(", ")}`);
  if (positionals.length > 0) return { names: positionals, only: values.only };
  return { names: values.quick ? QUICK : ALL, only: values.only };
}

/** Resolves with `{ passed, failed }`; `failed` is at least 1 unless the suite went as it should. */
async function runSuite(name, { machine, only, running }) {
  const { lane, commands, read, unstarted = () => false } = SUITES[name];
  const state = { began: performance.now(), output: "", read };
  running.set(name, state);
  let computed = 0;
  let code = 0;
  const attempt = async (command) => {
    const onOutput = (text) => (state.output += text);
    const result = await measure(command, { nice: NICE[lane], timeout: TIMEOUT_MS, onOutput });
    computed += result.computed;
    return result;
  };
  try {
    for (const { env, ...command } of await commands(machine, only)) {
      const built = { ...command, env: { ...env, SERVERS_ARE_BUILT: "1" } };
      let result = await attempt(built);
      if (result.code !== 0 && unstarted(result.output)) {
        state.output += "\nThe browser began no test; once more.\n";
        result = await attempt(built);
      }
      code ||= result.code;
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    state.output += error.message;
    code = 1;
  } finally {
    running.delete(name);
  }
  await writeFile(join(root, LOGS, `${name}.log`), state.output);
  const seconds = (performance.now() - state.began) / 1000;
  return report(name, { ...read(state.output), code, output: state.output, seconds, computed });
}

/** Prints a suite's line, and what went wrong in it. */
function report(name, { passed, failed, skipped, failures, code, output, seconds, computed }) {
  // A program that did not compile, crashed or ran nothing has no failed test to count, and has failed.
  const broken = failed === 0 && (code !== 0 || passed === 0);
  const counts = [`${passed} passed`, failed > 0 && `${failed} failed`, skipped > 0 && `${skipped} skipped`];
  const waited = Math.max(0, 1 - computed / seconds);
  const times = `${seconds.toFixed(1).padStart(6)} s, ${(100 * waited).toFixed(0).padStart(2)} % of it waiting`;
  say(`${name.padEnd(24)}${counts.filter(Boolean).join(", ").padEnd(34)}${times}`);
  for (const { name: test, text } of failures) console.log(`\n${text}  npm test -- ${name} --only ${quoted(test)}`);
  if (broken) {
    const end = output.trimEnd().split("\n").slice(-60).join("\n");
    console.log(
      `\n${end}\n\n${name} ended with exit code ${code} after ${passed} passed tests (${LOGS}/${name}.log)\n  npm test -- ${name}`,
    );
  }
  return { passed, failed: failed + (broken ? 1 : 0) };
}

function tell(running) {
  const parts = [...running].map(([name, { began, output, read }]) => {
    const { passed, failed } = read(output);
    const minutes = ((performance.now() - began) / 60_000).toFixed(1);
    return `${name}: ${passed} passed${failed > 0 ? `, ${failed} failed` : ""} in ${minutes} min`;
  });
  if (parts.length > 0) say(`… ${parts.join("; ")}`);
}

/** For a shell. */
function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
