// tests/vectors/refresh.json through the npm package, on faked time. The file says its format; tests/core/vectors.rs runs it
// through the machine.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

import FakeTimers from "@sinonjs/fake-timers";
import { createTokenManager } from "upload-token";

import { FAKED } from "./clock.mjs";
import { counting, never } from "./support.mjs";

// Loading the module takes time that no clock of a test can let pass.
const warm = createTokenManager({ source: counting() });
await warm.getToken();
warm.close();

const START = Date.UTC(2030, 0, 1);
const ms = (seconds) => Math.round(seconds * 1000);

const { scenarios } = JSON.parse(await readFile(new URL("../../vectors/refresh.json", import.meta.url), "utf8"));

for (const scenario of scenarios) {
  test(scenario.name, async (t) => {
    const run = new Run(scenario);
    t.after(() => run.end());
    for (const [at, step] of scenario.steps.entries()) {
      try {
        await run.step(step);
      } catch (error) {
        error.message = `step ${at + 1}, ${JSON.stringify(step)}: ${error.message}`;
        throw error;
      }
    }
  });
}

/** A scenario under way. */
class Run {
  #scenario;
  #clock = FakeTimers.install({ now: START, toFake: FAKED });
  /** How far true time is ahead of the monotonic clock: the sleeps so far, in ms. */
  #slept = 0;
  #pages = new Map();
  #calls = new Map();

  constructor(scenario) {
    this.#scenario = scenario;
  }

  /** True time since the start, in ms: what servers count. */
  truth = () => performance.now() + this.#slept;

  async step(step) {
    const page = await this.#page(step.manager ?? "a");
    await this.#do(page, step);
    const { fetch, state, waiting } = page.tokens.status();
    const seen = { asked: page.asked - page.before, fetch, heldBack: fetch === "backoff", state, waiting };
    for (const [name, value] of Object.entries(seen)) {
      if (name in step) assert.equal(value, step[name], name);
    }
  }

  end() {
    for (const { tokens } of this.#pages.values()) tokens.close();
    this.#clock.uninstall();
  }

  async #do(page, step) {
    switch (step.do) {
      case "getToken": {
        const calls = Array.from({ length: step.callers ?? 1 }, () => call(page.tokens, step));
        this.#calls.set(step.as ?? "", calls);
        await this.#flush();
        if ("expect" in step) for (const { outcome } of calls) assert.deepEqual(outcome, step.expect);
        return;
      }
      case "settled":
        await this.#flush();
        for (const { outcome } of this.#calls.get(step.call)) assert.deepEqual(outcome, step.expect);
        return;
      case "cancel":
        for (const { controller } of this.#calls.get(step.call)) controller.abort();
        return this.#flush();
      case "invalidate":
        for (let i = 0; i < (step.times ?? 1); i++) page.tokens.invalidate(`STS.${step.token}`);
        return this.#flush();
      case "prefetch":
        page.tokens.prefetch();
        return this.#flush();
      case "close":
        page.tokens.close();
        return this.#flush();
      case "source":
        page.answers = [...step.answers];
        return;
      case "advance":
        return this.#pass(ms(step.seconds));
      case "sleep":
        this.#slept += ms(step.seconds);
        return this.#turnWall(ms(step.seconds));
      case "turnWall":
        return this.#turnWall(ms(step.seconds));
      default:
        throw new Error(`no step is called ${step.do}`);
    }
  }

  /** The manager of this name, with what is given in hand. */
  async #page(name) {
    const known = this.#pages.get(name);
    if (known) return known;
    const { given = "none", life = 3600, policy, shape = "full", source = ["token"] } = this.#scenario;
    const page = { asked: 0, before: 0, answers: ["token"], issued: [] };
    this.#pages.set(name, page);
    page.tokens = createTokenManager({ policy, source: () => this.#answer(page, shape, life) });
    const age = { none: undefined, valid: life / 10, advisory: life - 300, mandatory: life - 40, expired: life + 1 }[
      given
    ];
    if (age !== undefined) {
      const first = call(page.tokens, {});
      await this.#flush();
      assert.deepEqual(first.outcome, { token: 1 }, "what is given");
      await this.#pass(ms(age));
    }
    page.before = page.asked;
    page.answers = [...source];
    return page;
  }

  /** What the source answers now: a promise, as a page's function gives. */
  async #answer(page, shape, life) {
    page.asked++;
    let answer = page.answers.length > 1 ? page.answers.shift() : page.answers[0];
    const made = this.truth();
    const { after } = answer;
    if (after !== undefined) answer = answer.answer;
    const reply = () => {
      if (answer.hang) return never();
      if (answer.fail) return failure(answer);
      return this.#reply(token(page, answer, made, life), made, shape);
    };
    // What is new is counted when it is asked for, not when it arrives.
    const answered =
      after === undefined
        ? reply
        : (
            (ready) => () =>
              ready
          )(reply());
    if (after !== undefined) await new Promise((resolve) => setTimeout(resolve, ms(after)));
    return answered();
  }

  #reply({ n, ends }, made, shape) {
    const keys = { AccessKeyId: `STS.${n}`, AccessKeySecret: `CanarySecret${n}`, SecurityToken: `CanaryToken${n}` };
    switch (shape) {
      case "full":
        return { ...keys, Expiration: new Date(START + ends).toISOString(), ServerTime: START + made };
      case "instant":
        return { ...keys, Expiration: new Date(START + ends).toISOString() };
      case "duration":
        return { ...keys, ExpiresIn: Math.floor((ends - made) / 1000) };
      case "silent":
        return keys;
      default:
        throw new Error(`no shape is called ${shape}`);
    }
  }

  /** Lets time pass from timer to timer, and what they cause happen in between. */
  async #pass(span) {
    let over = span <= 0;
    this.#clock.setTimeout(() => (over = true), span);
    while (!over) {
      await this.#clock.nextAsync();
      await this.#flush();
    }
  }

  /** The wall clock jumps; `performance.now()` and the timers do not notice. */
  #turnWall(by) {
    this.#clock.setSystemTime(Date.now() + by);
  }

  /** Lets everything happen that needs no time: reading a `Response` takes several turns. */
  async #flush() {
    for (let turn = 0; turn < 10; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      await this.#clock.tickAsync(0);
    }
  }
}

/** A call of `getToken`: its outcome is "pending", `{ token: n }` or `{ error: code }`. */
function call(tokens, { minValidity }) {
  const controller = new AbortController();
  const made = { controller, outcome: "pending" };
  const options = { signal: controller.signal, ...(minValidity && { minValidity: ms(minValidity) }) };
  tokens.getToken(options).then(
    ({ accessKeyId }) => (made.outcome = { token: Number(accessKeyId.slice("STS.".length)) }),
    (error) => (made.outcome = { error: error.code }),
  );
  return made;
}

/** The token of an answer: a new one, or one of those that the source gave before. */
function token({ issued }, answer, made, life) {
  if (answer === "same") return issued.at(-1);
  if (answer === "first") return issued[0];
  const ends = made + ms(answer.token ?? life);
  issued.push({ n: issued.length + 1, ends });
  return issued.at(-1);
}

function failure({ fail, retryAfter }) {
  const http = (status, headers) => new Response("{}", { status, headers });
  switch (fail) {
    case "network":
      throw new TypeError("fetch failed");
    case "unauthenticated":
      return http(401);
    case "throttled":
      return http(429, { "Retry-After": String(retryAfter) });
    case "malformed":
      return { unexpected: true };
    case "long-lived key":
      return { AccessKeyId: "LTAI5tCanary", AccessKeySecret: "CanarySecret", SecurityToken: "CanaryToken" };
    default:
      return http(Number(fail.replace("http ", "")));
  }
}
