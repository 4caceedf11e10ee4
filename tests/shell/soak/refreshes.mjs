// Lives through many refreshes under faked time and prints what the module held near the start and at the end, as one
// JSON object. A process of its own: the hooks of Node's test runner make promises several times as slow.
import FakeTimers from "@sinonjs/fake-timers";

import { meter } from "./meter.mjs";

const { createTokenManager } = await import("upload-token");

const WARM_UP = 1_000;
const REFRESHES = Number(process.argv[2]);
const HOUR = 3_600_000;

const reply = (n) => ({
  AccessKeyId: `STS.Key${n}`,
  AccessKeySecret: "CanarySecret",
  SecurityToken: "CanaryToken".repeat(80),
  expiresIn: 3600,
});

/** Answers in every way there is: each of these must leave nothing behind. */
function answer(n, { signal }) {
  switch (n % 10) {
    case 1:
      return JSON.stringify(reply(n));
    case 2:
      return Promise.resolve(reply(n));
    case 3:
      throw new Error("offline");
    case 4:
      return { Code: "Throttling.User" };
    case 5:
      return { status: 200, headers: new Map(), text: async () => JSON.stringify(reply(n)) };
    case 6:
      // Hangs for ever, or until its signal fires.
      return new Promise((_, reject) => {
        if (n % 20 === 6) signal.addEventListener("abort", () => reject(signal.reason));
      });
    case 7:
      return n % 20 === 7 ? "<html>" : reply(n);
    default:
      return reply(n);
  }
}

const clock = FakeTimers.install({ now: 0, toFake: ["setTimeout", "clearTimeout", "Date", "performance"] });
// A timer is a number, as in a browser.
const { setTimeout: armed } = globalThis;
globalThis.setTimeout = (handler, delay) => Number(armed(handler, delay));
let asked = 0;
const tokens = createTokenManager({ source: (request) => answer(++asked, request) });
const told = {};
for (const event of ["token", "refreshFailed", "expired", "rejected", "state", "warning"]) {
  tokens.on(event, () => (told[event] = (told[event] ?? 0) + 1));
}

/** Lets `span` ms pass, and everything that is due be done. */
async function pass(span) {
  clock.tick(span);
  for (let turn = 0; turn < 20; turn++) await null;
}

/** One token after another until the `last`th; what callers do meanwhile changes with each. */
async function live(last) {
  for (let n = tokens.status().generation; n < last; n = tokens.status().generation) {
    const waiting = [tokens.getToken(), tokens.getToken({ minValidity: 1000 })];
    if (n % 7 === 0) {
      const controller = new AbortController();
      waiting.push(tokens.getToken({ signal: controller.signal }));
      controller.abort();
    }
    if (n % 11 === 0 && n > 0) tokens.invalidate(tokens.status().accessKeyId, "SecurityTokenExpired");
    const settled = Promise.allSettled(waiting);
    // Long enough for a refresh in the background; short steps while there is trouble.
    const { state, refreshIn } = tokens.status();
    await pass(state === "valid" ? refreshIn + 1 : 2_000);
    while (tokens.status().waiting > 0) await pass(1_000);
    await settled;
  }
  await pass(2 * HOUR);
}

// The module itself is loaded in real time.
await tokens.getToken();
await live(WARM_UP);
const before = await meter();
await live(REFRESHES);
const after = await meter();
tokens.close();
globalThis.setTimeout = armed;
clock.uninstall();
process.stdout.write(JSON.stringify({ before, after, told, asked }));
