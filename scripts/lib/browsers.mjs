// Browsers and their drivers: found where they are, installed from Debian's packages where they are not.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { ask, Failure, root, run, say, which } from "./run.mjs";

const CHROME = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];
const GECKODRIVER = "0.37.1";

/** Where Chrome or Chromium is (`CHROME_PATH` wins), or `undefined`. */
export function findChrome() {
  return first([process.env.CHROME_PATH, ...CHROME]);
}

/** Where chromedriver is (`CHROMEDRIVER` wins), or `undefined`. */
export function findChromedriver() {
  return first([process.env.CHROMEDRIVER, "chromedriver"]);
}

/** Resolves with the paths of Chrome and its driver, `{ chrome, chromedriver }`, installing both where possible. */
export async function ensureChrome() {
  if (!findChrome() || !findChromedriver()) {
    await installPackages("Chromium and its driver", ["chromium", "chromium-driver"], {
      else: "install Chrome or Chromium and the chromedriver of the same version, or set CHROME_PATH and CHROMEDRIVER",
    });
  }
  const [chrome, chromedriver] = [findChrome(), findChromedriver()];
  if (!chrome || !chromedriver) throw new Failure("Chromium was installed, but is not on PATH");
  return { chrome, chromedriver };
}

/** Resolves with `{ firefox, geckodriver }`. Debian has no geckodriver: it is built into `.cache/tools`. */
export async function ensureFirefox() {
  const find = () => first([process.env.FIREFOX_PATH, "firefox-esr", "firefox"]);
  if (!find()) {
    await installPackages("Firefox", ["firefox-esr"], { else: "install Firefox, or set FIREFOX_PATH" });
  }
  const built = join(root, ".cache/tools/bin/geckodriver");
  const driver = () => first([process.env.GECKODRIVER, built, "geckodriver"]);
  if (!driver()) {
    say(`building geckodriver ${GECKODRIVER} (about a minute)`);
    const args = ["install", "geckodriver", "--version", GECKODRIVER, "--locked", "--debug"];
    await run("cargo", [...args, "--root", join(root, ".cache/tools")], { env: { CARGO_PROFILE_DEV_DEBUG: "0" } });
  }
  return { firefox: find(), geckodriver: driver() };
}

/** Resolves with the path of WebKitGTK's driver and of `xvfb-run`: the browser it starts needs a display. */
export async function ensureWebKit() {
  const find = () => first([process.env.WEBKITDRIVER, "WebKitWebDriver"]);
  const display = () => first(["xvfb-run"]);
  if (!find() || !display() || !which("xauth")) {
    await installPackages("WebKitGTK, its driver and a virtual display", ["webkit2gtk-driver", "xvfb", "xauth"], {
      else: "install WebKitGTK's WebKitWebDriver, xvfb-run and xauth, or set WEBKITDRIVER",
    });
  }
  return { webkitdriver: find(), xvfb: display() };
}

function first(candidates) {
  for (const candidate of candidates) {
    const found = candidate && which(candidate);
    if (found) return found;
  }
  return undefined;
}

/** Installs Debian packages as root or with a sudo that asks nothing; otherwise fails with the command to type. */
async function installPackages(what, packages, { else: advice }) {
  const install = `apt-get install -y --no-install-recommends ${packages.join(" ")}`;
  if (!isDebian()) throw new Failure(`${what} not found: ${advice}`);
  const prefix =
    process.getuid?.() === 0
      ? []
      : which("sudo") && ask("sudo", ["-n", "true"]) !== undefined
        ? ["sudo", "-n"]
        : undefined;
  if (!prefix) throw new Failure(`${what} not found: run\n  sudo apt-get update && sudo ${install}`);
  say(`installing ${what}: ${install}`);
  await apt(prefix, ["update"]);
  await apt(prefix, install.split(" ").slice(1));
}

/** Runs apt-get, and again while somebody else holds one of its locks (its own timeout covers only some of them). */
async function apt(prefix, args) {
  const [program, ...rest] = [...prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", ...args];
  const deadline = Date.now() + 10 * 60_000;
  for (let told = false; ; told = true) {
    const { code, output } = await run(program, rest, { check: false });
    if (code === 0) return;
    if (!/Could not get lock|Unable to lock/.test(output) || Date.now() > deadline) {
      throw new Failure(`apt-get ${args.join(" ")} failed:\n${output.trimEnd().split("\n").slice(-15).join("\n")}`);
    }
    if (!told) say("another program holds apt's lock: waiting");
    await sleep(2000);
  }
}

function isDebian() {
  if (!existsSync("/etc/os-release") || !which("apt-get")) return false;
  return /^ID(_LIKE)?=.*\bdebian\b/m.test(readFileSync("/etc/os-release", "utf8"));
}
