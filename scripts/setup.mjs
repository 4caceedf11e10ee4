// Installs what is missing and says so, a line a step; what is there is skipped in milliseconds.
//
//   npm run setup                 what `npm start` and `npm test` need
//   npm run setup -- firefox webkit redis nginx   the other engines and servers as well
//
// Node built-ins only: this runs before any dependency is there.
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { ensureChrome, ensureFirefox, ensureHeadlessChrome, ensureWebKit } from "./lib/browsers.mjs";
import { ensureNginx, ensureRedis } from "./lib/daemons.mjs";
import { exclusively } from "./lib/lock.mjs";
import { ask, command, Failure, isMain, root, run, say } from "./lib/run.mjs";

const TARGET = "wasm32-unknown-unknown";

/** The tools of `tools/`, once {@link setup} has built them. */
export const tools = {
  wbg: join(root, "tools/target/debug/wbg"),
  testRunner: join(root, "tools/target/debug/wbg-test-runner"),
};

/**
 * Brings the machine to where everything builds and runs. Safe to run twice at the same time.
 *
 * @param options.others - Engines and servers beside the browser.
 * @param options.build - Is run as soon as the tools for it are there, while programs are still being installed.
 * @returns where the programs are
 */
export async function setup({ browser = true, others = [], build = () => {} } = {}) {
  return exclusively("setup", async () => {
    await ensureTarget();
    const building = async () => {
      await all([ensureTools(), ensurePackages()]);
      await build();
    };
    const [machine] = await all([ensurePrograms(browser, others), building()]);
    return machine;
  });
}

/** The results of steps of which one computes while others wait for the network; a failure is told when all have ended. */
async function all(steps) {
  const ended = await Promise.allSettled(steps);
  const failed = ended.find(({ status }) => status === "rejected");
  if (failed) throw failed.reason;
  return ended.map(({ value }) => value);
}

/** One after the other: only one program at a time may install Debian's packages. */
async function ensurePrograms(browser, others) {
  const machine = {};
  const add = (step, found) => {
    report(step, Object.values(found)[0]);
    Object.assign(machine, found);
  };
  if (browser) add("browser", await ensureChrome());
  if (others.includes("chromium")) add("headless", { headless: await ensureHeadlessChrome() });
  if (others.includes("webkit")) add("webkit", await ensureWebKit());
  if (others.includes("redis")) add("redis", await ensureRedis());
  if (others.includes("nginx")) add("nginx", await ensureNginx());
  // Last: its driver is built here.
  if (others.includes("firefox")) add("firefox", await ensureFirefox());
  return machine;
}

function report(step, text) {
  say(`${step.padEnd(10)} ${text}`);
}

/** The compiler of rust-toolchain.toml with its wasm32 target. */
async function ensureTarget() {
  // Through rustup, asking installs the toolchain itself, which can take a minute on a new machine.
  const version = ask("rustc", ["--version"]);
  if (!version) throw new Failure("rustc not found: install Rust from https://rustup.rs");
  const library = () => existsSync(join(ask("rustc", ["--print", "sysroot"]) ?? "", "lib/rustlib", TARGET));
  if (!library()) {
    report("rust", `adding the target ${TARGET}`);
    if (ask("rustup", ["--version"]) === undefined) {
      throw new Failure(
        `this Rust has no ${TARGET} target and no rustup to add it: install Rust from https://rustup.rs`,
      );
    }
    await run("rustup", ["target", "add", TARGET]);
  }
  report("rust", `${version.split(" (")[0]}, ${TARGET}`);
}

/** The wasm-bindgen command line of exactly the version that the crates use. */
async function ensureTools() {
  const lock = readFileSync(join(root, "tools/Cargo.lock"), "utf8");
  const version = /name = "wasm-bindgen-cli"\nversion = "([^"]+)"/.exec(lock)?.[1];
  const sources = ["Cargo.toml", "Cargo.lock", "src/bin/wbg.rs", "src/bin/wbg-test-runner.rs"];
  const newest = Math.max(...sources.map((file) => statSync(join(root, "tools", file)).mtimeMs));
  if (Object.values(tools).some((file) => !existsSync(file) || statSync(file).mtimeMs < newest)) {
    report("tools", `building wasm-bindgen ${version} (about a minute)`);
    await run("cargo", ["build", "--locked", "--manifest-path", join(root, "tools/Cargo.toml")]);
    // cargo leaves a program alone whose sources only look newer.
    const { utimes } = await import("node:fs/promises");
    for (const file of Object.values(tools)) await utimes(file, new Date(), new Date());
  }
  report("tools", `wasm-bindgen ${version}`);
}

/** node_modules, exactly as package-lock.json says. */
async function ensurePackages() {
  const wrong = mismatch();
  if (wrong) {
    report("npm", `installing from package-lock.json (${wrong})`);
    await run("npm", ["ci", "--no-audit", "--no-fund"]);
  }
  report("npm", `${Object.keys(packages("package-lock.json") ?? {}).length - 1} packages in the lock file`);
}

/**
 * What makes node_modules differ from the lock file, or `undefined` if nothing does.
 *
 * npm writes down what it installed in a lock file of the same format, so that one can be compared with the other.
 */
function mismatch() {
  const wanted = packages("package-lock.json");
  const installed = packages("node_modules/.package-lock.json");
  if (!wanted) throw new Failure("package-lock.json is missing");
  if (!installed) return "not installed yet";
  for (const [path, { version, integrity, optional, peer }] of Object.entries(wanted)) {
    if (path === "") continue;
    const there = installed[path];
    // Optional ones are for other systems.
    if (!there && !optional && !peer) return `${path} is missing`;
    if (there && (there.version !== version || there.integrity !== integrity)) return `${path} is another version`;
  }
  const extra = Object.keys(installed).find((path) => !(path in wanted));
  return extra && `${extra} is not in the lock file`;
}

function packages(file) {
  const path = join(root, file);
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")).packages : undefined;
}

if (isMain(import.meta.url)) await command(() => setup({ others: process.argv.slice(2) }));
