// The test suites: what each runs, and how its output is read.
import { readdirSync } from "node:fs";
import { join } from "node:path";

import { readLibtest, readNode } from "./results.mjs";
import { Failure, root, run } from "./run.mjs";
import { tools } from "../setup.mjs";

/**
 * The lanes run at the same time; in each, one suite after the other, and one that is done takes what another has left. A
 * fourth would be too much for two cores: credentials of a few seconds would end while a page waits for the processor.
 *
 * @typedef {"computes" | "uploads" | "browsers"} Lane
 * @typedef {{ program: string, args: string[], env?: Record<string, string> }} Command
 * @typedef {object} Suite
 * @property {Lane} lane
 * @property {("chromium" | "firefox" | "webkit" | "servers" | "redis" | "nginx")[]} needs - The browsers it drives; whether it
 *   starts the AppServer or the local cloud; and what the AppServer runs with.
 * @property {string} [within] - The suite of which it is a part: it runs only when asked for.
 * @property {(machine: object, only?: string) => Command[] | Promise<Command[]>} commands - For a machine's browsers and
 *   drivers; `only` is a part of the name of the tests to be run.
 * @property {(output: string) => import("./results.mjs").Result} read
 * @property {(output: string) => boolean} [unstarted] - Whether it began no test, and may be run once more.
 */

/** What a browser runs of the Rust tests: the shell, and the fixtures of the core with the browser's own parser. */
export const IN_BROWSERS = ["--test", "core", "--test", "shell"];

/** The loop at the desk: under a minute after a build. */
export const QUICK = ["core", "js"];

const PAGE = ["chromium", "servers"];

/** @type {Record<string, Suite>} */
export const SUITES = {
  rust: cargo(["--workspace"]),
  // The searches take minutes of computing.
  core: cargo(["--workspace", "--test", "core", "--test", "tidy"], {
    within: "rust",
    skip: ["model::", "properties::"],
  }),
  soak: node("tests/shell/soak", "computes"),
  package: node("tests/package", "computes"),

  e2e: node("tests/e2e/vod", "uploads", PAGE, { files: 3, first: ["scenarios.test.mjs", "tickets.test.mjs"] }),
  // It waits for moments, too.
  js: node("tests/shell/facade", "uploads", [], { files: 3 }),
  consumers: node("tests/package/consumers", "uploads", PAGE),
  docs: node("tests/package/docs", "uploads", PAGE, { files: 2 }),

  "ali-oss": node("tests/e2e/ali-oss", "browsers", PAGE, { files: 5 }),
  frameworks: node("tests/e2e/frameworks", "browsers", PAGE, { files: 3 }),
  providers: node("tests/e2e/providers", "browsers", PAGE),
  tabs: node("tests/e2e/tabs", "browsers", PAGE, { files: 2 }),
  "app-servers": node("tests/e2e/app-servers", "browsers", PAGE, { files: 2 }),
  engines: node("tests/e2e/engines", "browsers", [...PAGE, "firefox", "webkit"], { files: 3 }),
  demo: node("tests/e2e/demo", "browsers", [...PAGE, "firefox", "webkit"], { files: 3 }),
  secrets: node("tests/e2e/secrets", "browsers", PAGE),
  appserver: node("appserver/tests", "browsers", ["servers", "redis", "nginx"], { files: 2 }),
  localcloud: node("localcloud/tests", "browsers", ["servers"]),
  // The shell in a page, where there is no document, and where there is no page at all.
  wasm: shell("chromium", "BROWSER", ["core", "shell"]),
  worker: shell("chromium", "DEDICATED_WORKER", ["shell"]),
  "service-worker": shell("chromium", "SERVICE_WORKER", ["shell"]),
  "wasm-firefox": shell("firefox", "BROWSER", ["core", "shell"]),
  "worker-firefox": shell("firefox", "DEDICATED_WORKER", ["shell"]),
  "service-worker-firefox": shell("firefox", "SERVICE_WORKER", ["shell"]),
  "wasm-webkit": shell("webkit", "BROWSER", ["core", "shell"]),
  "worker-webkit": shell("webkit", "DEDICATED_WORKER", ["shell"]),
  "service-worker-webkit": shell("webkit", "SERVICE_WORKER", ["shell"]),
};

/** Names of the suites that `npm test` runs. */
export const ALL = Object.keys(SUITES).filter((name) => !SUITES[name].within);

function cargo(args, { within, skip = [] } = {}) {
  const command = (only) => {
    const filter = [...(only ? [only] : []), ...skip.flatMap((name) => ["--skip", name])];
    const tests = ["test", "--locked", "--no-fail-fast", ...args, "--", ...filter];
    return { program: "cargo", args: tests };
  };
  return { lane: "computes", within, needs: [], commands: (_machine, only) => [command(only)], read: readLibtest };
}

/**
 * @param folder - Holds the suite's files.
 * @param options.files - How many of them run at the same time.
 * @param options.first - The files that are begun first, the longest: the others are done beside them.
 */
function node(folder, lane, needs = [], { files: atOnce = 1, first = [] } = {}) {
  const commands = (machine, only) => {
    const names = readdirSync(join(root, folder)).filter((name) => name.endsWith(".test.mjs"));
    if (names.length === 0) throw new Failure(`there is no test in ${folder}`);
    const options = ["--at-once", String(atOnce), ...(only ? ["--only", only] : [])];
    const others = names.filter((name) => !first.includes(name)).sort();
    const files = [...first, ...others].map((name) => join(folder, name));
    const args = ["scripts/lib/node-tests.mjs", ...options, ...files];
    return [{ program: process.execPath, args, env: programs(machine) }];
  };
  return { lane, needs, commands, read: readNode };
}

function programs({ chrome, headless, chromedriver, firefox, geckodriver, webkitdriver, xvfb, redis, nginx }) {
  const env = { NODE_NO_WARNINGS: "1" };
  if (chrome) Object.assign(env, { CHROME_PATH: chrome, HEADLESS_CHROME_PATH: headless, CHROMEDRIVER: chromedriver });
  if (firefox) Object.assign(env, { FIREFOX_PATH: firefox, GECKODRIVER: geckodriver });
  if (webkitdriver) Object.assign(env, { WEBKITDRIVER: webkitdriver, XVFB: xvfb });
  if (redis) env.REDIS_SERVER = redis;
  if (nginx) env.NGINX = nginx;
  return env;
}

/** How wasm-bindgen's runner finds an engine, and what it must itself run under. */
const ENGINES = {
  chromium: ({ chromedriver }) => ({ env: { CHROMEDRIVER: chromedriver } }),
  firefox: ({ geckodriver }) => ({ env: { GECKODRIVER: geckodriver } }),
  // To the runner every WebKit is Safari. This one needs a display.
  webkit: ({ webkitdriver, xvfb }) => ({ env: { SAFARIDRIVER: webkitdriver }, under: [xvfb, "-a"] }),
};

/** @param where - A kind of context that wasm-bindgen's runner knows. */
function shell(engine, where, targets) {
  const commands = async (machine, only) => {
    const modules = await (built ??= buildForBrowsers());
    const { env, under = [] } = ENGINES[engine](machine);
    return targets.map((target) => {
      const [program, ...args] = [...under, tools.testRunner, modules[target], ...(only ? [only] : [])];
      return { program, args, env: { ...env, WASM_BINDGEN_TEST_TIMEOUT: "60", [`WASM_BINDGEN_USE_${where}`]: "1" } };
    });
  };
  return { lane: "browsers", needs: [engine], commands, read: readLibtest, unstarted };
}

let built;

/** Once for all engines and contexts. Resolves with the module of each target. */
async function buildForBrowsers() {
  const args = ["test", "--locked", "--package", "upload-token", "--target", "wasm32-unknown-unknown", ...IN_BROWSERS];
  // The runner rewrites a module's debug information before each of its runs, which takes longer than the tests.
  const env = { CARGO_PROFILE_DEV_DEBUG: "none" };
  const { stdout } = await run("cargo", [...args, "--no-run", "--message-format=json-render-diagnostics"], { env });
  const messages = stdout.split("\n").filter((line) => line.startsWith("{"));
  const made = messages.map((line) => JSON.parse(line)).filter(({ executable }) => executable);
  return Object.fromEntries(made.map(({ target, executable }) => [target.name, executable]));
}

/**
 * Whether a browser did not come as far as the first test, in the runner's own words. Firefox's service worker now
 * and then does not; a module that cannot start at all does not the second time either.
 */
function unstarted(output) {
  return output.includes("Failed to detect test as having been run") && readLibtest(output).failed === 0;
}
