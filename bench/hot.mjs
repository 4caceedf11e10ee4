// Nanoseconds a call of `peek()` and of `await getToken()` with a token in hand, in Node and in Chromium.
import { pathToFileURL } from "node:url";
import { join } from "node:path";

import { launchChrome } from "../scripts/lib/chrome.mjs";
import { root } from "../scripts/lib/run.mjs";
import { bundlePage, servePages } from "./lib/pages.mjs";
import { summary } from "./lib/statistics.mjs";

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 200);
const BASE = "pure JavaScript class";

/** Resolves with the medians, and for each round the ratio to the pure JavaScript class in that same round. */
export async function measure() {
  const engines = [];
  engines.push({ engine: `Node ${process.versions.node}`, entries: judged(await inNode()) });
  const { version, times } = await inChromium();
  engines.push({ engine: `Chromium ${version}`, entries: judged(times) });
  return { rounds: ROUNDS, engines };
}

async function inNode() {
  const { hot } = await import(pathToFileURL(await bundlePage("hot", "node")));
  const { createTokenManager } = await import(pathToFileURL(join(root, "dist/index.js")));
  return hot(createTokenManager, ROUNDS);
}

async function inChromium() {
  await bundlePage("hot", "browser");
  const pages = await servePages();
  const browser = await launchChrome();
  try {
    const page = await browser.newPage();
    await page.goto(pages.origin);
    const times = await page.evaluate(async (rounds) => {
      const { createTokenManager } = await import("/dist/index.js");
      await import("/hot.browser.mjs");
      return window.hot(createTokenManager, rounds);
    }, ROUNDS);
    return { version: browser.version().split(".")[0], times };
  } finally {
    await browser.close();
    await pages.close();
  }
}

function judged(times) {
  return Object.entries(times).map(([name, kinds]) => {
    const judge = (what) => ({
      ns: summary(kinds[what]),
      ratio: summary(kinds[what].map((ns, round) => ns / times[BASE][what][round])),
    });
    return { name, ...(kinds.peek && { peek: judge("peek") }), get: judge("get") };
  });
}
