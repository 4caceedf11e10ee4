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

/** Brings the machine to where everything builds and runs. Safe to run twice at the same time. */
export async function setup({ browser = true, others = [] } = {}) {
  await exclusively("setup", async () => {
    await ensureTarget();
    // One computes, the others wait for the network; each is told how it went before any failure is.
    const steps = [ensureTools(), ensurePackages(), ensurePrograms(browser, others)];
    const failed = (await Promise.allSettled(steps)).find(({ status }) => status === "rejected");
    if (failed) throw failed.reason;
  });
}

/** One after the other: only one program at a time may install Debian's packages. */
async function ensurePrograms(browser, others) {
  if (browser) report("browser", (await ensureChrome()).chrome);
  if (others.includes("chromium")) report("headless", await ensureHeadlessChrome());
  if (others.includes("firefox")) report("firefox", (await ensureFirefox()).firefox);
  if (others.includes("webkit")) report("webkit", (await ensureWebKit()).webkitdriver);
  if (others.includes("redis")) report("redis", (await ensureRedis()).redis);
  if (others.includes("nginx")) report("nginx", (await ensureNginx()).nginx);
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
