// From the import of an entry to its first token, in Chromium, with nothing in the browser's cache and with everything.
import { launchChrome } from "../scripts/lib/chrome.mjs";
import { servePages } from "./lib/pages.mjs";
import { summary } from "./lib/statistics.mjs";

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 30);
const ENTRIES = { "upload-token": "/dist/index.js", "upload-token/wasm": "/dist/wasm.js" };

/** Resolves with milliseconds. The source answers at once: an AppServer's own time is not ours to measure. */
export async function measure() {
  const pages = await servePages({ cache: "max-age=600" });
  const browser = await launchChrome();
  const times = Object.fromEntries(Object.keys(ENTRIES).map((entry) => [entry, { cold: [], warm: [] }]));
  try {
    for (let round = 0; round < ROUNDS; round++) {
      for (const [entry, path] of Object.entries(ENTRIES)) {
        // A context has a cache of its own, empty at first.
        const context = await browser.newContext();
        for (const cache of ["cold", "warm"]) {
          const page = await context.newPage();
          await page.goto(pages.origin);
          times[entry][cache].push(await page.evaluate(firstToken, path));
          await page.close();
        }
        await context.close();
      }
    }
    const entries = Object.entries(times).map(([entry, { cold, warm }]) => ({
      entry,
      cold: summary(cold),
      warm: summary(warm),
    }));
    return { rounds: ROUNDS, engine: `Chromium ${browser.version().split(".")[0]}`, entries };
  } finally {
    await browser.close();
    await pages.close();
  }
}

async function firstToken(path) {
  const source = () => ({
    AccessKeyId: "STS.bench",
    AccessKeySecret: "secret",
    SecurityToken: "token",
    Expiration: new Date(Date.now() + 3_600_000).toISOString(),
    ServerTime: new Date().toISOString(),
  });
  const from = performance.now();
  const { createTokenManager } = await import(path);
  await createTokenManager({ source }).getToken();
  return performance.now() - from;
}
