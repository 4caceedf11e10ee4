// The life of a token on a clock that a test owns: the module asks the global clock and timers when it needs them.
import assert from "node:assert/strict";
import { test } from "node:test";

import { createTokenManager } from "upload-token";

import { counting, never, reply } from "./support.mjs";

const HOUR = 3_600_000;

/** What is faked: all that a browser has. `process.nextTick` is left alone, for Node's test runner needs it. */
export const FAKED = ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date", "performance"];

/** Registers the tests; `install` fakes the globals from `{ now }` on and returns their clock. */
export function lifeUnderFakeTimers(install) {
  /** A test that starts with a manager and its clock, and ends without either. */
  const timed = (name, body) =>
    test(name, async (t) => {
      const clock = install({ now: Date.UTC(2030, 0, 1) });
      const made = [];
      t.after(() => {
        for (const tokens of made) tokens.close();
        clock.uninstall();
      });
      const manage = (options) => {
        made.push(createTokenManager(options));
        return made.at(-1);
      };
      await body({ clock, manage });
    });

  /** What `promise` settles with, while time passes up to `span` ms. */
  const within = async (clock, span, promise) => {
    let outcome;
    promise.then(
      (value) => (outcome = { value }),
      (error) => (outcome = { error }),
    );
    for (let passed = 0; !outcome && passed <= span; passed += 10) await clock.tickAsync(10);
    assert(outcome, `still pending after ${span} ms`);
    if (outcome.error) throw outcome.error;
    return outcome.value;
  };

  timed("the module loads and asks while time stands still", async ({ clock, manage }) => {
    const source = counting(HOUR);
    const tokens = manage({ source });
    tokens.prefetch();
    while (!tokens.peek()) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.runMicrotasks();
    }
    assert.equal(Date.now(), Date.UTC(2030, 0, 1));
    assert.equal(source.requests.length, 1);
  });

  timed("a token is used for most of its life and replaced before its end", async ({ clock, manage }) => {
    const source = counting(HOUR);
    const tokens = manage({ source });
    const first = await within(clock, 100, tokens.getToken());
    // A little less than an hour: this device may count slowly.
    const life = first.expiresAt - Date.UTC(2030, 0, 1);
    assert(life <= HOUR && life > HOUR - 5_000, `${life} ms`);
    for (let minute = 1; minute <= 600; minute++) {
      await clock.tickAsync(60_000);
      const token = tokens.peek();
      assert(token, `minute ${minute}: ${tokens.status().state}`);
      assert(token.expiresAt - Date.now() > 60_000, `minute ${minute}: dying`);
      await within(clock, 100, tokens.getToken());
    }
    assert(source.requests.length >= 11 && source.requests.length <= 16, `${source.requests.length} in ten hours`);
    assert(source.requests.slice(1).every(({ reason }) => reason === "refresh"));
  });

  timed("nothing is asked for a page that nobody uses", async ({ clock, manage }) => {
    const source = counting(HOUR);
    const tokens = manage({ source });
    const told = [];
    tokens.on("state", ({ state }) => told.push(state));
    await within(clock, 100, tokens.getToken());
    await clock.tickAsync(2 * HOUR);
    assert.equal(source.requests.length, 1);
    assert.deepEqual(told, ["valid", "advisory", "mandatory", "expired"]);
    assert.equal(tokens.peek(), undefined);
    assert.equal((await within(clock, 100, tokens.getToken())).accessKeyId, "STS.Key2");
  });

  timed("a laptop that slept a night serves no token of the evening", async ({ clock, manage }) => {
    const tokens = manage({ source: counting(HOUR) });
    await within(clock, 100, tokens.getToken());
    clock.setSystemTime(Date.now() + 8 * HOUR);
    assert.equal(tokens.peek(), undefined);
    assert.equal((await within(clock, 100, tokens.getToken())).accessKeyId, "STS.Key2");
  });

  timed("a wall clock turned back a day lengthens no life", async ({ clock, manage }) => {
    const tokens = manage({ source: counting(HOUR) });
    await within(clock, 100, tokens.getToken());
    clock.setSystemTime(Date.now() - 24 * HOUR);
    await clock.tickAsync(HOUR);
    assert.notEqual(tokens.peek()?.accessKeyId, "STS.Key1");
  });

  timed("a source that hangs is given up at its deadline, and the caller at its own", async ({ clock, manage }) => {
    const tokens = manage({ source: never });
    const waiting = tokens.getToken();
    await assert.rejects(within(clock, 31_000, waiting), { code: "timeout" });
    assert(tokens.status().requests >= 2);
  });

  timed("an outage is ridden out with the token in hand, and ends in a new one", async ({ clock, manage }) => {
    let down = false;
    let asked = 0;
    const tokens = manage({
      source: () => {
        asked++;
        if (down) throw new Error("offline");
        return reply(asked, HOUR);
      },
    });
    const first = await within(clock, 100, tokens.getToken());
    down = true;
    const failures = [];
    tokens.on("refreshFailed", ({ usable }) => failures.push(usable));
    for (let minute = 0; minute < 55; minute++) {
      await clock.tickAsync(60_000);
      assert.equal(await within(clock, 3_000, tokens.getToken()), first, `minute ${minute}`);
    }
    assert(failures.length > 0 && failures.length < 30, `${failures.length} tries`);
    assert(failures.every((usable) => usable));
    down = false;
    for (let minute = 0; minute < 5; minute++) {
      await clock.tickAsync(60_000);
      await within(clock, 60_000, tokens.getToken());
    }
    assert.notEqual(tokens.peek(), first);
  });

  timed("Retry-After is waited for", async ({ clock, manage }) => {
    const times = [];
    const tokens = manage({
      source: () => {
        times.push(Date.now());
        if (times.length > 1) return reply(2, HOUR);
        return new Response("", { status: 429, headers: { "retry-after": "20" } });
      },
    });
    await within(clock, 60_000, tokens.getToken());
    assert.equal(times.length, 2);
    assert(times[1] - times[0] >= 20_000 && times[1] - times[0] <= 25_100, `${times[1] - times[0]} ms`);
  });

  timed("a closed manager leaves no timer", async ({ clock, manage }) => {
    const before = clock.countTimers();
    const tokens = manage({ source: counting(HOUR) });
    await within(clock, 100, tokens.getToken());
    assert.equal(clock.countTimers(), before + 1, "one timer for everything");
    tokens.close();
    await clock.tickAsync(1);
    assert.equal(clock.countTimers(), before);
  });
}
