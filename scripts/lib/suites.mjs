// The test suites: what each runs and how its own summary is read.
import { readdirSync } from "node:fs";
import { join } from "node:path";

import { root } from "./run.mjs";
import { tools } from "../setup.mjs";

/**
 * In the order in which `npm test` runs them. A suite is a function from the machine (`{ chrome, chromedriver,
 * geckodriver, webkitdriver, xvfb }`, the last three where {@link enginesOf} says so) to `{ program, args, env, read, unstarted }`;
 * `read` turns the program's output into `{ passed, failed, skipped, closing }`, where `closing` are the lines that the
 * runner itself ends with, and `unstarted`, if there is one, says that it began no test and may be run once more.
 */
export const SUITES = {
  rust: () => cargo(["--workspace"]),
  wasm: (machine) => shell("BROWSER", IN_BROWSERS, chromium(machine)),
  // The same shell where there is no document, and where there is no page at all.
  worker: (machine) => shell("DEDICATED_WORKER", ["--test", "shell"], chromium(machine)),
  "service-worker": (machine) => shell("SERVICE_WORKER", ["--test", "shell"], chromium(machine)),
  "wasm-firefox": (machine) => shell("BROWSER", IN_BROWSERS, firefox(machine)),
  "worker-firefox": (machine) => shell("DEDICATED_WORKER", ["--test", "shell"], firefox(machine)),
  "service-worker-firefox": (machine) => shell("SERVICE_WORKER", ["--test", "shell"], firefox(machine)),
  "wasm-webkit": (machine) => shell("BROWSER", IN_BROWSERS, webkit(machine)),
  "worker-webkit": (machine) => shell("DEDICATED_WORKER", ["--test", "shell"], webkit(machine)),
  "service-worker-webkit": (machine) => shell("SERVICE_WORKER", ["--test", "shell"], webkit(machine)),
  js: (machine) => node("tests/shell/facade", machine),
  package: (machine) => node("tests/package", machine),
  docs: (machine) => node("tests/package/docs", machine),
  soak: (machine) => node("tests/shell/soak", machine),
  secrets: (machine) => node("tests/e2e/secrets", machine),
  localcloud: (machine) => node("localcloud/tests", machine),
  appserver: (machine) => node("appserver/tests", machine),
  "ali-oss": (machine) => node("tests/e2e/ali-oss", machine),
  e2e: (machine) => node("tests/e2e/vod", machine),
  providers: (machine) => node("tests/e2e/providers", machine),
  tabs: (machine) => node("tests/e2e/tabs", machine),
  demo: (machine) => node("tests/e2e/demo", machine),
  engines: (machine) => node("tests/e2e/engines", machine),
  consumers: (machine) => node("tests/package/consumers", machine),
};

/** Which of `firefox` and `webkit` a suite needs beside Chromium. */
export function enginesOf(name) {
  if (name === "engines" || name === "demo") return ["firefox", "webkit"];
  return ["firefox", "webkit"].filter((engine) => name.endsWith(`-${engine}`));
}

/** What a browser runs of the Rust tests: the shell, and the fixtures of the core with the browser's own parser. */
export const IN_BROWSERS = ["--test", "core", "--test", "shell"];

function cargo(args, env = {}) {
  // Not --quiet: wasm-bindgen's runner refuses it.
  return { program: "cargo", args: ["test", "--locked", "--no-fail-fast", ...args], env, read: readLibtest };
}

/** The driver by which wasm-bindgen's runner finds an engine, and what the runner itself must run under. */
const chromium = ({ chromedriver }) => ({ env: { CHROMEDRIVER: chromedriver } });
const firefox = ({ geckodriver }) => ({ env: { GECKODRIVER: geckodriver } });
// To the runner every WebKit is Safari. This one needs a display.
const webkit = ({ webkitdriver, xvfb }) => ({ env: { SAFARIDRIVER: webkitdriver }, under: [xvfb, "-a"] });

/** `where` is a kind of context that wasm-bindgen's runner knows. */
function shell(where, tests, { env, under = [] }) {
  const own = cargo(["--package", "upload-token", "--target", "wasm32-unknown-unknown", ...tests], {
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: tools.testRunner,
    WASM_BINDGEN_TEST_TIMEOUT: "120",
    [`WASM_BINDGEN_USE_${where}`]: "1",
    ...env,
  });
  const [program, ...args] = [...under, own.program, ...own.args];
  return { ...own, program, args, unstarted };
}

/**
 * Whether a browser did not come as far as the first test, in the runner's own words. Firefox's service worker now
 * and then does not; a module that cannot start at all does not the second time either.
 */
function unstarted(output) {
  return output.includes("Failed to detect test as having been run") && readLibtest(output).failed === 0;
}

function node(directory, { chrome, chromedriver, firefox, geckodriver, webkitdriver, xvfb }) {
  const names = tryList(join(root, directory)).filter((name) => name.endsWith(".test.mjs"));
  const files = names.sort().map((name) => join(directory, name));
  // One file at a time: they start browsers and servers, and some count milliseconds of token life.
  const args = ["--test", "--test-reporter=spec", "--test-concurrency=1", ...files];
  const env = { CHROME_PATH: chrome, CHROMEDRIVER: chromedriver, NODE_NO_WARNINGS: "1" };
  if (firefox) Object.assign(env, { FIREFOX_PATH: firefox, GECKODRIVER: geckodriver });
  if (webkitdriver) Object.assign(env, { WEBKITDRIVER: webkitdriver, XVFB: xvfb });
  return { program: process.execPath, args, env, read: readNodeTest, empty: files.length === 0 };
}

function tryList(directory) {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** libtest and wasm-bindgen's runner: `test result: ok. 12 passed; 0 failed; 1 ignored; …`, once a program. */
function readLibtest(output) {
  const sum = { passed: 0, failed: 0, skipped: 0, closing: [] };
  let program = "";
  for (const line of output.split("\n")) {
    program = /^\s+(?:Running|Doc-tests) (?:unittests )?(\S+)/.exec(line)?.[1] ?? program;
    const result = /^test result: .*?(\d+) passed; (\d+) failed; (\d+) ignored/.exec(line);
    if (!result) continue;
    const [passed, failed, skipped] = result.slice(1).map(Number);
    sum.passed += passed;
    sum.failed += failed;
    sum.skipped += skipped;
    if (passed + failed + skipped > 0) sum.closing.push(`${program}: ${line.replace(/; 0 measured.*/, "")}`);
  }
  return sum;
}

/** node:test's spec reporter: `ℹ pass 12`. Cancelled tests have failed; a test to do is one that was skipped. */
function readNodeTest(output) {
  const closing = output.match(/^ℹ (tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) .*$/gm) ?? [];
  const figure = (name) => Number(new RegExp(`^ℹ ${name} (\\d+)$`, "m").exec(output)?.[1] ?? 0);
  return {
    passed: figure("pass"),
    failed: figure("fail") + figure("cancelled"),
    skipped: figure("skipped") + figure("todo"),
    closing: [closing.map((line) => line.slice(2)).join(", ")],
  };
}
