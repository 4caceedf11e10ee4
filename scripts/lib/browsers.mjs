// Browsers and their drivers: found where they are, installed from Debian's packages where they are not.
import { join } from "node:path";

import { first, installPackages } from "./debian.mjs";
import { Failure, root, run, say, which } from "./run.mjs";

const CHROME = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];
/** Chromium without the browser around it: pages are the same to it, and it computes half as much. */
const HEADLESS_SHELL = "chromium-headless-shell";
const GECKODRIVER = "0.37.1";

/** Where Chrome or Chromium is (`CHROME_PATH` wins), or `undefined`. */
function findChrome() {
  return first([process.env.CHROME_PATH, ...CHROME]);
}

/** Where the Chrome or Chromium is that is best for pages that nobody looks at (`CHROME_PATH` wins), or `undefined`. */
export function findHeadlessChrome() {
  return first([process.env.HEADLESS_CHROME_PATH, process.env.CHROME_PATH, HEADLESS_SHELL]) ?? findChrome();
}

/** Where chromedriver is (`CHROMEDRIVER` wins), or `undefined`. */
function findChromedriver() {
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

/** Resolves with the path of Chromium's headless shell or, where there is none to be had, of Chrome. */
export async function ensureHeadlessChrome() {
  if (!process.env.CHROME_PATH && !which(HEADLESS_SHELL)) {
    try {
      await installPackages("Chromium's headless shell", [HEADLESS_SHELL], { else: "Chrome does as well" });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      say(`no ${HEADLESS_SHELL}: the tests drive Chrome, which takes longer`);
    }
  }
  return findHeadlessChrome();
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
