// Chromium under playwright-core, which brings no browser of its own.
import { findHeadlessChrome } from "./browsers.mjs";
import { Failure } from "./run.mjs";

/** Starts a Chrome or Chromium that shows no window; close it when done. */
export async function launchChrome({ args = [] } = {}) {
  const executablePath = findHeadlessChrome();
  if (!executablePath) throw new Failure("no Chrome or Chromium found: run `npm run setup`");
  const { chromium } = await import("playwright-core");
  // Chrome's sandbox refuses root, which is who runs in a container.
  const sandbox = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath, args: [...sandbox, "--disable-dev-shm-usage", ...args] });
}
