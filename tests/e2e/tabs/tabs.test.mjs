// upload-token/tabs: pages of one Chromium context, real Web Locks and a real BroadcastChannel between them.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { openSite, ORIGIN } from "../support/site.mjs";
import { writeTabsPage } from "../support/tabs.mjs";

const LIFE = 4000;
const HANGS = { service: "app", hang: true };

describe("tabs", () => {
  let site;
  let first;

  before(async () => {
    site = await openSite();
    await writeTabsPage();
  });
  after(() => site?.close());

  beforeEach(async (t) => {
    await site.reset();
    first = await site.blank();
    await load(first);
    t.after?.(() => first.context().close());
  });

  async function load(page, origin = ORIGIN) {
    await page.goto(`${origin}/tabs.html`);
    await page.waitForFunction(() => "ask" in globalThis);
    return page;
  }

  /** Another tab of the first one's browser. */
  const another = async (origin) => load(await first.context().newPage(), origin);
  const tabs = async (count) => [first, ...(await Promise.all(Array.from({ length: count - 1 }, () => another())))];
  const make = (pages, ...args) => Promise.all(pages.map((page) => page.evaluate((args) => make(...args), args)));
  const ask = (page) => page.evaluate(() => ask());
  const askAll = (pages) => Promise.all(pages.map(ask));
  const requests = async () =>
    (await site.log()).filter(({ service, preflight }) => service === "app" && !preflight).length;
  /** Resolves when the AppServer has been asked so often. */
  const isAsked = async (times = 1) => {
    for (let looks = 0; (await requests()) < times; looks++) {
      assert(looks < 600, `asked less than ${times} times`);
      await sleep(50);
    }
  };
  const same = (ids) => {
    assert.equal(new Set(ids).size, 1, ids.join(", "));
    assert.match(ids[0], /^STS\./);
    return ids[0];
  };

  test("ten pages ask once for the first token, and once for each that follows", async () => {
    await site.reset({ config: { stsLifeMs: LIFE } });
    const pages = await tabs(10);
    same(await askAll(pages));
    assert.equal(await requests(), 1);
    const seen = await Promise.all(
      pages.map((page) =>
        page.evaluate(async (end) => {
          const ids = [];
          for (const start = performance.now(); performance.now() - start < end;) {
            ids.push(await ask());
            await new Promise((done) => setTimeout(done, 100));
          }
          return ids;
        }, 2 * LIFE),
      ),
    );
    const ids = new Set(seen.flat());
    // One that came after the last look was asked for, too.
    let counted;
    do {
      counted = await requests();
      for (const id of await askAll(pages)) ids.add(id);
    } while (counted !== (await requests()));
    for (const id of ids) assert.match(id, /^STS\./);
    assert.equal(counted, ids.size, "a request for each token that was in use");
    assert(ids.size >= 3, `${ids.size} tokens in two lives`);
    for (const own of seen) assert(new Set(own).size >= 3, "each page is kept fresh");
  });

  test("a page that is opened later has the token in hand, and no longer a life than is left of it", async () => {
    const source = `async () => { await fetch("/api/sts", { method: "POST" });
      return { AccessKeyId: "STS.told", AccessKeySecret: "a".repeat(30), SecurityToken: "b".repeat(30), expires_in: 20 }; }`;
    const own = (page) => page.evaluate((source) => make({}, { source: eval(source) }), source);
    const left = (page) => page.evaluate(() => tokens.status().validFor);
    await own(first);
    await ask(first);
    await first.waitForTimeout(1500);
    const later = await another();
    await own(later);
    assert.equal(await ask(later), "STS.told");
    assert.equal(await requests(), 1);
    // On a busy machine a look takes its time: what is left there is between two looks here.
    const [most, there, least] = [await left(first), await left(later), await left(first)];
    assert(there <= most + 300 && there > least - 2000, `${there} ms there, ${most} to ${least} ms here`);
  });

  test("an answer that a cache has held is no newer for being shared, and its clock is another request's", async () => {
    const source = `async () => {
      await fetch("/api/sts", { method: "POST" });
      const token = { AccessKeyId: "STS.held", AccessKeySecret: "a".repeat(30), SecurityToken: "b".repeat(30), expires_in: 3600 };
      return new Response(JSON.stringify(token), { headers: { age: "3000", date: new Date(Date.now() - 3e6).toUTCString() } });
    }`;
    const left = (page) => page.evaluate(() => tokens.status().validFor);
    const pages = await tabs(2);
    for (const page of pages) {
      await page.evaluate((source) => make({}, { source: eval(source) }), source);
      assert.equal(await ask(page), "STS.held");
      assert((await left(page)) < 600_000, `${await left(page)} ms`);
    }
    assert.equal(await requests(), 1);
  });

  test("a request that the page's options weaken is made as a token manager makes it, or not at all", async () => {
    const request = `() => ({ headers: { "x-why": "shared" }, redirect: "follow", cache: "force-cache" })`;
    await first.evaluate((request) => make({ request: eval(request) }), request);
    const told = await first.evaluate(() => tokens.getToken().catch(({ code, cause }) => [code, cause.code]));
    assert.deepEqual(told, ["source", "invalid_option"]);
    assert.equal(await requests(), 0);
  });

  test("the asking page is closed in mid-request: another asks, and all have its token", async () => {
    const pages = await tabs(4);
    await site.control("POST", "faults", [HANGS]);
    const lost = ask(first).catch(() => "closed");
    await isAsked();
    const asked = askAll(pages.slice(1));
    await first.waitForFunction(async () => (await navigator.locks.query()).pending.length >= 3);
    await first.close();
    same(await asked);
    assert.equal(await lost, "closed");
    assert.equal(await requests(), 2);
  });

  test("the asking page is frozen in mid-request: the others pass it by, once, and it has their token when it thaws", async () => {
    const pages = await tabs(4);
    await make(pages, { patience: 600 });
    await site.control("POST", "faults", [HANGS]);
    const frozen = ask(first);
    await first.evaluate(() => {
      globalThis.pause = 0;
      let last = performance.now();
      setInterval(() => {
        const now = performance.now();
        pause = Math.max(pause, now - last);
        last = now;
      }, 20);
    });
    await isAsked();
    const session = await first.context().newCDPSession(first);
    // A page that is shown cannot be frozen; halted it is as still.
    await session.send("Debugger.enable");
    await session.send("Debugger.pause");
    const id = same(await askAll(pages.slice(1)));
    assert.equal(await requests(), 2);
    // The others may have been quick: frozen for longer than any pause of a busy machine.
    await pages[1].waitForTimeout(1500);
    await session.send("Debugger.resume");
    assert.equal(await frozen, id);
    assert.equal(await requests(), 2);
    await first.waitForFunction(() => pause > 1200, undefined, { timeout: 5000 });
  });

  test("a source that hangs in one page delays it and no other for longer than its patience", async () => {
    const [, second] = await tabs(2);
    await first.evaluate(() => {
      const source = () => new Promise(() => (globalThis.hangs = true));
      make({ patience: 300 }, { source, deadline: 60_000 });
    });
    await second.evaluate(() => make({ patience: 300 }));
    void ask(first).catch(() => {});
    await first.waitForFunction(() => globalThis.hangs);
    assert.match(await ask(second), /^STS\./);
  });

  test("what the AppServer refuses is told to all who wait", async () => {
    const pages = await tabs(4);
    await site.control("POST", "faults", [{ service: "app", status: 401, delayMs: 600 }]);
    assert.deepEqual(await askAll(pages), Array(4).fill("unauthenticated"));
    assert.equal(await requests(), 1);
  });

  test("a token that was refused in one page is in use in none", async () => {
    const pages = await tabs(3);
    const id = same(await askAll(pages));
    await first.evaluate(() => tokens.invalidate(tokens.peek()));
    await pages[2].waitForFunction(() => tokens.peek() === undefined || tokens.status().generation > 1);
    const next = same(await askAll(pages));
    assert.notEqual(next, id);
    assert.equal(await requests(), 2);
  });

  test("users do not mix, nor do origins", async () => {
    const pages = [first, await another(), await another("https://other.test")];
    await make([pages[1]], { name: "user 2" });
    for (const page of pages.slice(1)) {
      await page.evaluate(() => {
        globalThis.heard = 0;
        new BroadcastChannel(`upload-token ${JSON.stringify("user")}`).onmessage = () => globalThis.heard++;
      });
    }
    const ids = await askAll(pages.slice(0, 2));
    assert.equal(await pages[2].evaluate(() => globalThis.heard), 0);
    assert.equal(new Set([...ids, await ask(pages[2])]).size, 3);
    assert.equal(await requests(), 3);
    assert(await pages[1].evaluate(() => globalThis.heard > 0), "the channel is the one that they use");
  });

  test("what comes over the channel is read as an AppServer's answer, and rubbish not at all", async () => {
    await site.control("POST", "faults", [{ ...HANGS, times: -1 }]);
    const [, second] = await tabs(2);
    const asked = ask(second);
    await isAsked();
    await first.evaluate(() => {
      const channel = new BroadcastChannel(`upload-token ${JSON.stringify("user")}`);
      const say = (message, at = Date.now()) => channel.postMessage({ message, at });
      const key = {
        AccessKeyId: "LTAI5tCanary00000000",
        AccessKeySecret: "a".repeat(30),
        SecurityToken: "b".repeat(30),
      };
      const answer = { status: 200, headers: {}, text: JSON.stringify(key) };
      for (const rubbish of [undefined, null, 7, "", [], {}, { message: null }]) channel.postMessage(rubbish);
      say({ type: "answer", scope: "" });
      say({ type: "answer", scope: "", age: 0, answer: { ...answer, status: 99 } });
      say({ type: "answer", scope: "", age: 0, answer: { ...answer, headers: { "x-other": "1" } } });
      say({ type: "answer", scope: "", age: 0, answer: { ...answer, text: "x".repeat(300_000) } });
      say({ type: "answer", scope: "other", age: 0, answer });
      say({ type: "answer", scope: "", age: 0, answer }, "now");
      setTimeout(say, 200, { type: "answer", scope: "", age: 0, answer });
    });
    assert.equal(await asked, "long_lived_key");
  });

  test("scopes are apart, and those of single files stay in their page", async () => {
    const pages = await tabs(2);
    const of = (scope) =>
      Promise.all(
        pages.map((page) => page.evaluate(async (scope) => (await tokens.getToken({ scope })).accessKeyId, scope)),
      );
    const tenant = same(await of("tenant"));
    assert.notEqual(same(await of("tenant 2")), tenant);
    assert.equal(new Set(await of("file:1")).size, 2);
  });

  test("nothing is stored", async () => {
    await ask(first);
    const stored = await first.evaluate(async () => [
      localStorage.length,
      sessionStorage.length,
      (await indexedDB.databases()).length,
      (await caches.keys()).length,
      document.cookie,
    ]);
    assert.deepEqual(stored, [0, 0, 0, 0, ""]);
  });

  test("a frame that a script wrote is of its page: they share a token, and it asks as its page does", async () => {
    await first.evaluate(() => {
      const frame = document.createElement("iframe");
      frame.srcdoc = document.documentElement.outerHTML;
      document.body.append(frame);
    });
    const frame = first.frames()[1];
    await frame.waitForFunction(() => "ask" in globalThis);
    assert.equal(await frame.evaluate(() => location.href), "about:srcdoc");
    same(await askAll([first, frame]));
    assert.equal(await requests(), 1);
    const types = await frame.evaluate(async () => {
      const types = [];
      const { fetch } = globalThis;
      globalThis.fetch = (address, init) => {
        types.push(new Headers(init.headers).get("content-type"));
        return fetch(address, init);
      };
      await createTokenManager("/api/sts").getToken({ scope: "a" });
      make({ name: "another" });
      await tokens.getToken({ scope: "a" });
      return types;
    });
    assert.deepEqual(types, ["application/json", "application/json"]);
  });

  test("without Web Locks each page asks for itself", async () => {
    const context = first.context();
    await context.addInitScript(() => Object.defineProperty(navigator, "locks", { value: undefined }));
    const pages = [await another(), await another()];
    assert.equal(new Set(await askAll(pages)).size, 2);
    assert.equal(await requests(), 2);
  });

  test("a closed manager leaves no channel and no lock behind", async () => {
    const left = await first.evaluate(async () => {
      const open = new Set();
      const { close } = BroadcastChannel.prototype;
      globalThis.BroadcastChannel = class extends BroadcastChannel {
        constructor(name) {
          super(name);
          open.add(this);
        }
        close() {
          open.delete(this);
          close.call(this);
        }
      };
      for (let time = 0; time < 20; time++) {
        make();
        await ask();
      }
      tokens.close();
      const { held, pending } = await navigator.locks.query();
      return [open.size, held.length, pending.length];
    });
    assert.deepEqual(left, [0, 0, 0]);
  });
});
