// `npm test -- secrets` runs this folder.
//
// A canary credential goes through every path of success and failure, in Chromium and in Node. Nothing that a page
// could print, send elsewhere by accident, or keep, may hold any part of it.
//
// One thing is the page's own: what its `source`, `request` or `mapReply` throws is handed back as the `cause` of the
// error, as it is. It is in nothing that we write.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { inspect } from "node:util";

import { createTokenManager } from "upload-token";

import { launchChrome } from "../../../scripts/lib/chrome.mjs";
import { ANSWERS, startAppServer } from "./app-server.mjs";
import { CANARY, findCanary } from "./canary.mjs";
import { texts, walk } from "./paths.mjs";

const GOOD = ["good", "nested", "text-in-json", "no-expiry"];

/** Fails if one of the texts holds a part of the canary, and if they are not about what was sent. */
function assertClean(seen, name) {
  for (const text of seen) {
    const found = findCanary(text);
    assert.equal(found, undefined, `${name}: ${found} in ${text.slice(0, 300)}`);
  }
  const all = seen.join("\n");
  if (GOOD.includes(name)) assert(all.includes(CANARY.AccessKeyId), `${name}: no token was told of`);
  else assert(/UploadTokenError/.test(all), `${name}: no error was told of`);
}

let server;
before(async () => (server = await startAppServer()));
after(() => server.close());

describe("in Chromium", () => {
  let browser, page;
  const [printed, addresses] = [[], []];

  before(async () => {
    browser = await launchChrome();
    page = await browser.newPage();
    page.on("console", async (message) => {
      printed.push(message.text());
      addresses.push(message.location().url);
      for (const argument of message.args()) printed.push(JSON.stringify(await argument.jsonValue().catch(String)));
    });
    page.on("pageerror", (error) => printed.push("uncaught", String(error), error.stack ?? ""));
    await page.goto(server.origin);
    await page.evaluate(async () => {
      globalThis.paths = await import("/paths.mjs");
      globalThis.createTokenManager = (await import("/dist/index.js")).createTokenManager;
    });
  });
  after(() => browser.close());

  for (const name of Object.keys(ANSWERS)) {
    test(`an AppServer that answers: ${name}`, async () => {
      const good = GOOD.includes(name);
      const seen = await page.evaluate(
        ([name, good]) => paths.walk(createTokenManager, `/sts/${name}`, { good }),
        [name, good],
      );
      assertClean(seen, name);
    });
  }

  test("nobody there, and a server that forbids this origin", async () => {
    const url = `${server.origin.replace("127.0.0.1", "localhost")}/sts/good`;
    for (const address of ["https://127.0.0.1:1/sts", url]) {
      const seen = await page.evaluate((address) => paths.walk(createTokenManager, address), address);
      assertClean(seen, "no answer");
    }
  });

  test("a source function that answers with a Response, an object, a text, or what JSON cannot carry", async () => {
    const seen = await page.evaluate(async (canary) => {
      const token = { ...canary, expiresIn: 3600 };
      const cycle = { ...token };
      cycle.self = cycle;
      const answers = [
        token,
        JSON.stringify(token),
        () => Response.json(token),
        cycle,
        { ...token, id: 1n },
        {
          get AccessKeyId() {
            throw new Error(canary.SecurityToken);
          },
        },
        canary.SecurityToken,
      ];
      const seen = [];
      for (const answer of answers) {
        const source = () => (typeof answer === "function" ? answer() : answer);
        seen.push(...(await paths.walk(createTokenManager, source)));
        seen.push(...(await paths.walk(createTokenManager, source, { mapReply: (value) => value })));
      }
      return seen;
    }, CANARY);
    assertClean(seen, "good");
    assertClean(seen, "bad");
  });

  test("a refusal that a caller reports with the token itself", async () => {
    const seen = await page.evaluate(async (canary) => {
      const tokens = createTokenManager({ source: () => ({ ...canary, expiresIn: 3600 }) });
      const seen = [];
      for (const event of ["rejected", "state", "refreshFailed"])
        tokens.on(event, (detail) => seen.push(...paths.texts(detail)));
      tokens.invalidate(await tokens.getToken(), "InvalidSecurityToken.Expired");
      for (const misuse of [() => tokens.invalidate({ ...canary }), () => tokens.invalidate([canary.SecurityToken])]) {
        try {
          misuse();
        } catch (error) {
          seen.push(...paths.texts(error));
        }
      }
      tokens.close();
      return seen;
    }, CANARY);
    assertClean(seen, "good");
  });

  test("nothing is printed, and nothing is kept", async () => {
    const found = await page.evaluate(() => paths.kept());
    assert(
      found.some((text) => text.includes("/sts/good")),
      "the timings of requests are looked at",
    );
    for (const text of [...found, ...printed, ...addresses]) {
      assert.equal(findCanary(text), undefined, text.slice(0, 300));
    }
    const ours = printed.filter((text) => text !== "" && !/^Failed to load resource|CORS policy/.test(text));
    assert.deepEqual(ours, [], "the package prints nothing");
  });

  test("the search finds what it looks for, wherever it is put", async () => {
    const places = {
      console: ({ secret }) => console.log("token", { secret }),
      localStorage: ({ secret }) => localStorage.setItem("a", secret),
      sessionStorage: ({ secret }) => sessionStorage.setItem("a", btoa(secret)),
      indexedDB: ({ secret }) =>
        new Promise((resolve) => {
          const opening = indexedDB.open("planted", 1);
          opening.onupgradeneeded = () => opening.result.createObjectStore("store").put({ secret }, "key");
          opening.onsuccess = () => resolve(opening.result.close());
        }),
      cookie: ({ secret }) => void (document.cookie = `a=${encodeURIComponent(secret)}`),
      address: ({ secret }) => history.replaceState(null, "", `?a=${encodeURIComponent(secret)}`),
      document: ({ secret }) => void (document.body.textContent = secret),
      global: ({ secret }) => void (globalThis.planted = { deep: [{ secret }] }),
      timing: ({ secret }) => fetch(`/nothing?${encodeURIComponent(secret)}`).then(() => {}),
    };
    for (const [place, plant] of Object.entries(places)) {
      const clean = await browser.newPage();
      const lines = [];
      clean.on("console", async (message) => {
        for (const argument of message.args()) lines.push(JSON.stringify(await argument.jsonValue()));
      });
      await clean.goto(server.origin);
      await clean.evaluate(async () => void (globalThis.paths = await import("/paths.mjs")));
      await clean.evaluate(plant, { secret: CANARY.SecurityToken });
      const found = await clean.evaluate(() => paths.kept());
      while (place === "console" && lines.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
      assert([...found, ...lines].some(findCanary), place);
      await clean.evaluate(() => {
        localStorage.clear();
        document.cookie = "a=; max-age=0";
        indexedDB.deleteDatabase("planted");
      });
      await clean.close();
    }
  });
});

describe("in Node", () => {
  for (const name of Object.keys(ANSWERS)) {
    test(`an AppServer that answers: ${name}`, async (t) => {
      const printed = [];
      for (const method of ["log", "info", "warn", "error", "debug"]) {
        t.mock.method(console, method, (...values) =>
          printed.push(values.map((value) => inspect(value, INSPECT)).join(" ")),
        );
      }
      const good = GOOD.includes(name);
      assertClean(await walk(createTokenManager, `${server.origin}/sts/${name}`, { good }), name);
      assert.deepEqual(printed, []);
    });
  }

  const INSPECT = { depth: Infinity, showHidden: true, getters: true };

  test("a manager, its events, errors and status, as a debugger prints them", async () => {
    const tokens = createTokenManager({ source: () => ({ ...CANARY, expiresIn: 3600 }) });
    const seen = [];
    tokens.on("token", (detail) => seen.push(inspect(detail, INSPECT)));
    await tokens.getToken();
    seen.push(
      inspect(tokens, INSPECT),
      inspect(tokens.status(), INSPECT),
      JSON.stringify(structuredClone(tokens.status())),
    );
    assertClean(seen, "good");
    tokens.close();
  });

  test("what a page's function throws is the cause, and in nothing else", async () => {
    const mine = new Error(`refused: ${CANARY.SecurityToken}`);
    const throws = () => {
      throw mine;
    };
    for (const options of [
      { source: throws },
      { source: `${server.origin}/sts/good`, request: throws },
      { source: `${server.origin}/sts/good`, mapReply: throws },
    ]) {
      const tokens = createTokenManager({ ...options, policy: { waitDeadline: 2000 } });
      const failed = new Promise((resolve) => tokens.on("refreshFailed", resolve));
      tokens.prefetch();
      const { error, ...rest } = await failed;
      assert.equal(error.cause, mine);
      const { cause: _, ...own } = Object.getOwnPropertyDescriptors(error);
      for (const text of [
        String(error),
        error.stack,
        JSON.stringify(error),
        ...texts(own),
        ...texts(rest),
        ...texts(tokens.status()),
      ]) {
        assert.equal(findCanary(text), undefined, text);
      }
      tokens.close();
    }
  });

  test("the search finds every form of it, and nothing in what is clean", () => {
    const { AccessKeySecret: secret, SecurityToken: token } = CANARY;
    for (const text of [
      `x${secret}y`,
      token.slice(20, 32),
      encodeURIComponent(token),
      btoa(secret),
      btoa(`{"a":"${secret}"}`),
      Buffer.from(secret).toString("hex"),
      [...secret].reverse().join(""),
      secret.toUpperCase(),
    ]) {
      assert(findCanary(text), text);
    }
    assert.equal(
      findCanary(`${CANARY.AccessKeyId} UploadTokenError: the AppServer's answer holds no usable token`),
      undefined,
    );
    const nested = new Error("outer", { cause: new Error("inner", { cause: { deep: [secret] } }) });
    assert(texts(nested).some(findCanary));
  });
});
