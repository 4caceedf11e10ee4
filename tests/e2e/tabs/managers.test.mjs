// `npm test -- tabs` runs this folder.
//
// upload-token/tabs: several managers in one page. Those whose sources are of several copies of the package are to each other
// as tabs are: each copy opens its own BroadcastChannel, and Web Locks are the origin's.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";

import { openSite, ORIGIN } from "../support/site.mjs";
import { writeTabsPage } from "../support/tabs.mjs";

describe("managers of one page", () => {
  let site;
  let page;

  before(async () => {
    site = await openSite();
    await writeTabsPage();
  });
  after(() => site?.close());

  beforeEach(async (t) => {
    await site.reset();
    page = await site.blank();
    await page.goto(`${ORIGIN}/tabs.html`);
    await page.waitForFunction(() => "ask" in globalThis);
    await page.evaluate(helpers);
    t.after?.(() => page.context().close());
  });

  /** What the tests use in the page. */
  async function helpers() {
    const copies = await Promise.all([1, 2, 3, 4].map((copy) => import(`/dist/tabs.js?${copy}`)));
    let issued = 0;
    globalThis.asked = 0;
    globalThis.token = (more = {}, serial = ++issued) => ({
      AccessKeyId: `STS.Key${serial}`,
      AccessKeySecret: "a".repeat(30),
      SecurityToken: `b${serial}`.repeat(10),
      ...more,
    });
    globalThis.HOUR = { expires_in: 3600 };
    globalThis.sleep = (ms) => new Promise((done) => setTimeout(done, ms));
    /** A source that counts what it is asked, and takes a moment to answer with what `answer` makes. */
    globalThis.counted = (answer) => async (request) => {
      asked++;
      await sleep(50);
      return answer(request);
    };
    /** A manager of the next one of four tabs. */
    globalThis.tab = (ask, { policy, deadline, mapReply, ...options } = {}) => {
      const copy = copies.shift();
      copies.push(copy);
      const source = copy.sharedSource(ask, { name: "user", ...options });
      return createTokenManager({ source, policy, deadline, ...(mapReply && { mapReply }) });
    };
    globalThis.tabs = (count, ...args) => Array.from({ length: count }, () => tab(...args));
    globalThis.id = (tokens, options) =>
      tokens.getToken(options).then(
        ({ accessKeyId }) => accessKeyId,
        ({ code }) => code,
      );
    /** Resolves when `holds` does, or after a minute. */
    globalThis.until = async (holds) => {
      for (const start = performance.now(); !(await holds()) && performance.now() - start < 60_000;) await sleep(50);
    };
    /** Uses all managers until the source was asked so often. Resolves with what was told meanwhile. */
    globalThis.useUntilAsked = async (managers, times) => {
      const failures = [];
      for (const tokens of managers) tokens.on("refreshFailed", ({ error }) => failures.push(error.message));
      await until(async () => {
        for (const tokens of managers) await id(tokens);
        return asked >= times;
      });
      return { asked, failures, rounds: managers.reduce((sum, tokens) => sum + tokens.status().requests, 0) };
    };
  }

  for (const [what, more, hidden] of [
    ["whose end nobody names", {}, false],
    ["whose end is a duration", { ExpiresIn: 3 }, false],
    ["that only the page can read", {}, true],
  ]) {
    test(`a token ${what} is not kept alive by going round, and its return is no failure`, async () => {
      const told = await page.evaluate(
        ([more, hidden]) => {
          const wrap = hidden ? (answer) => new Response(btoa(JSON.stringify(answer))) : (answer) => answer;
          const source = counted(() => wrap(token(more)));
          const mapReply = hidden ? (text) => JSON.parse(atob(text)) : undefined;
          return useUntilAsked(tabs(4, source, { policy: { assumedLife: 3000 }, mapReply }), 5);
        },
        [more, hidden],
      );
      assert.deepEqual(told.failures, []);
      assert(told.asked >= 5, `asked ${told.asked} times`);
    });
  }

  test("a token that its issuer gives again is passed on as that, without a request of each tab", async () => {
    const { asked, failures, rounds } = await page.evaluate(() => {
      const source = counted(() => token({}, 1));
      return useUntilAsked(tabs(4, source, { policy: { assumedLife: 4000 } }), 4);
    });
    assert.deepEqual(failures, []);
    assert(asked >= 4, `asked ${asked} times`);
    assert(rounds >= 2 * asked, `${rounds} refreshes, ${asked} requests`);
  });

  test("two that have one source ask once, and each hears what is refused elsewhere", async () => {
    const told = await page.evaluate(async () => {
      const source = sharedSource(
        counted(() => token(HOUR)),
        { name: "user" },
      );
      const [first, second] = [createTokenManager({ source }), createTokenManager({ source })];
      const ids = await Promise.all([id(first), id(second)]);
      const third = createTokenManager({ source });
      const other = tab(counted(() => token(HOUR)));
      ids.push(await id(third), await id(other));
      const asks = asked;
      const kept = () => [first, second, third].map((tokens) => tokens.peek()?.accessKeyId === ids[0]);
      const refused = ids[0];
      other.invalidate(refused);
      await until(() => !kept().includes(true));
      const after = kept();
      third.close();
      const next = await id(first);
      const others = await Promise.all([id(second), id(other)]);
      second.invalidate(next);
      await until(() => other.peek()?.accessKeyId !== next && first.peek()?.accessKeyId !== next);
      const still = [first, other].map((tokens) => tokens.peek()?.accessKeyId === next);
      return { ids, asks, after, same: others.every((other) => other === next), still };
    });
    assert.equal(new Set(told.ids).size, 1, told.ids.join(", "));
    assert.deepEqual([told.asks, told.after], [1, [false, false, false]]);
    assert.deepEqual([told.same, told.still], [true, [false, false]]);
  });

  test("one of them that is closed leaves the other as it was", async () => {
    const kept = await page.evaluate(async () => {
      const source = sharedSource(
        counted(() => token(HOUR)),
        { name: "user" },
      );
      const [first, second] = [createTokenManager({ source }), createTokenManager({ source })];
      await Promise.all([id(first), id(second)]);
      second.close();
      const other = tab(counted(() => token(HOUR)));
      const had = await id(other);
      const shared = first.peek()?.accessKeyId === had;
      other.invalidate(had);
      await until(() => first.peek()?.accessKeyId !== had);
      return { shared, still: first.peek()?.accessKeyId === had };
    });
    assert.deepEqual(kept, { shared: true, still: false });
  });

  test("a source that is made anew for each request, as a component makes it, is the same one", async () => {
    const told = await page.evaluate(async () => {
      let user = "former";
      const ask = counted(() => token({ ...HOUR, user }));
      const made = () => sharedSource((request) => ask(request), { name: "user" });
      const first = createTokenManager({ source: Object.assign((request) => made()(request), made()) });
      const other = tab(ask);
      const ids = [await id(first), await id(other)];
      other.invalidate(ids[0]);
      await until(() => first.peek() === undefined);
      const kept = first.peek()?.accessKeyId;
      ids.push(await id(first), await id(other));
      user = "next";
      first.reset();
      const { reply } = await first.getToken();
      return { ids, kept, asked, user: reply.user };
    });
    const [had, next] = ["STS.Key1", "STS.Key2"];
    assert.deepEqual(told, { ids: [had, had, next, next], kept: undefined, asked: 3, user: "next" });
  });

  test("where the browser lets a page have no channel or no lock, each asks for itself", async () => {
    const ids = await page.evaluate(async () => {
      const refuse = () => {
        throw new DOMException("The operation is insecure.", "SecurityError");
      };
      const policy = { waitDeadline: 15_000 };
      const had = async () => id(tab(() => token(HOUR), { name: crypto.randomUUID(), policy }));
      const { BroadcastChannel } = globalThis;
      globalThis.BroadcastChannel = refuse;
      const ids = [await had()];
      globalThis.BroadcastChannel = BroadcastChannel;
      navigator.locks.request = refuse;
      ids.push(await had());
      navigator.locks.request = async () => refuse();
      ids.push(await had());
      return ids;
    });
    assert.deepEqual(ids, ["STS.Key1", "STS.Key2", "STS.Key3"]);
  });

  test("a deadline below the patience does not end every request before its turn", async () => {
    const had = await page.evaluate(async () => {
      // A frozen tab has the lock, for good.
      navigator.locks.request(`upload-token ${JSON.stringify(["user", ""])}`, () => new Promise(() => {}));
      const policy = { waitDeadline: 15_000 };
      return id(tab(() => token(HOUR), { patience: 1500, deadline: 800, policy }));
    });
    assert.equal(had, "STS.Key1");
  });

  test("an answer whose body does not come leaves the lock to the others", async () => {
    const [code, held] = await page.evaluate(async () => {
      const source = () => ({ status: 200, headers: new Headers(), text: () => new Promise(() => {}) });
      const tokens = tab(source, { deadline: 500, policy: { waitDeadline: 700 } });
      const code = await id(tokens);
      tokens.close();
      await until(async () => (await navigator.locks.query()).held.length === 0);
      return [code, (await navigator.locks.query()).held.length];
    });
    assert.deepEqual([code, held], ["timeout", 0]);
  });

  for (const [when, signedOut] of [
    ["with the former user's token in hand", false],
    ["after the former user's session has ended", true],
  ]) {
    test(`after reset(), ${when}, none is taken that another tab asked for before`, async () => {
      const users = await page.evaluate(async (signedOut) => {
        let user = "former";
        let refuses = signedOut;
        const answer = () => token({ ...HOUR, user });
        const there = tab(counted(answer));
        const here = tab(counted(() => (refuses ? new Response(null, { status: 401 }) : answer())));
        const own = (tokens) =>
          tokens.getToken().then(
            ({ reply }) => reply.user,
            ({ code }) => code,
          );
        const users = signedOut ? [await own(here), await own(there)] : [await own(there), await own(here)];
        refuses = false;
        user = "next";
        here.reset();
        return [...users, await own(here), await own(there)];
      }, signedOut);
      const before = signedOut ? ["unauthenticated", "former"] : ["former", "former"];
      assert.deepEqual(users, [...before, "next", "former"]);
    });
  }

  for (const [what, of] of [
    ["axios", (body) => ({ status: 200, headers: {}, config: {}, request: () => {}, data: body })],
    [
      "got",
      (body) =>
        Object.assign(Object.create({ client: "got" }), { statusCode: 200, headers: {}, body: JSON.stringify(body) }),
    ],
    ["an SDK for servers", (body) => ({ statusCode: 200, headers: {}, body })],
    ["protobuf", (body) => ({ ...body, requestId: 7n })],
  ]) {
    test(`three that resolve with an answer of ${what} as it is ask once`, async () => {
      const [ids, requests] = await page.evaluate(async (of) => {
        const wrap = eval(of);
        const managers = tabs(
          3,
          counted(() => wrap(token(HOUR))),
        );
        return [await Promise.all(managers.map((tokens) => id(tokens))), asked];
      }, String(of));
      assert.deepEqual([ids, requests], [Array(3).fill("STS.Key1"), 1]);
    });
  }

  test("an answer that a client has as a whole comes with its status, and as old as it is", async () => {
    const told = await page.evaluate(async () => {
      const whole = (status, data) => ({ status, headers: { "cache-control": "no-store" }, config: {}, data });
      const [first, second] = tabs(
        2,
        counted(() => whole(200, token({ expires_in: 60 }))),
      );
      await id(first);
      await sleep(1000);
      await id(second);
      const apart = second.status().validFor - first.status().validFor;
      const refused = tabs(
        2,
        counted(() => whole(401, {})),
        { name: "another" },
      );
      return [apart < 500, await Promise.all(refused.map((tokens) => id(tokens))), asked];
    });
    assert.deepEqual(told, [true, ["unauthenticated", "unauthenticated"], 2]);
  });
});
