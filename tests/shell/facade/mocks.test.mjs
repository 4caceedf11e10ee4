// What a page's tests put in the place of the platform.
import assert from "node:assert/strict";
import { test } from "node:test";

import { createTokenManager } from "upload-token";

import { nodeJson, reply } from "./support.mjs";

const PRELUDE = `
  import { createTokenManager } from "upload-token";
  import { reply } from "./tests/shell/facade/support.mjs";
  const end = (value) => process.stdout.write(JSON.stringify(value), () => process.exit());
  const outcome = (promise) => promise.then(({ accessKeyId }) => accessKeyId, ({ code, message }) => code + ": " + message);
`;

for (const [what, answer] of Object.entries({
  "json() alone": { ok: true, status: 200, json: async () => reply(1) },
  "json() and no status": { ok: true, json: async () => reply(1) },
})) {
  test(`a token is read of a fetch that is mocked with ${what}`, async (t) => {
    t.mock.method(globalThis, "fetch", async () => answer);
    for (const source of ["https://app.example/api/sts", () => fetch("https://app.example/api/sts")]) {
      const tokens = createTokenManager(source);
      t.after(() => tokens.close());
      assert.equal((await tokens.getToken()).accessKeyId, "STS.Key1");
    }
  });
}

test("timers that run at once are none", async () => {
  const got = await nodeJson(`${PRELUDE}
    globalThis.setTimeout = (task) => (task(), 0);
    end(await outcome(createTokenManager({ source: () => reply(1) }).getToken()));`);
  assert.equal(got, "STS.Key1");
});

test("a monotonic clock that stands still keeps no request from being repeated", async () => {
  const got = await nodeJson(`${PRELUDE}
    performance.now = () => 7;
    let asked = 0;
    const source = () => {
      if (asked++ === 0) throw new Error("HTTP error! status: 503");
      return reply(asked);
    };
    const tokens = createTokenManager({ source });
    tokens.on("refreshFailed", () => {});
    setTimeout(() => end("still waiting"), 10_000);
    end(await outcome(tokens.getToken()));`);
  assert.equal(got, "STS.Key2");
});

test("where fetch is missing, an address is told so at once", async () => {
  const got = await nodeJson(`${PRELUDE}
    delete globalThis.fetch;
    delete globalThis.Headers;
    const request = { headers: { "x-csrf": "a" } };
    end(await outcome(createTokenManager({ source: "https://app.example/api/sts", request }).getToken()));`);
  assert.match(got, /^invalid_option: source is an address, and fetch is missing here/);
});

test("a source function is given its request and nothing else", async (t) => {
  let given;
  const tokens = createTokenManager((...args) => ((given = args), reply(1)));
  t.after(() => tokens.close());
  await tokens.getToken();
  assert.equal(given.length, 1);
});

for (const [status, code] of [
  [401, "unauthenticated"],
  [429, "throttled"],
]) {
  test(`of errors that are thrown together, that of an answer counts: ${status}`, async (t) => {
    const refused = Object.assign(new Error("Request failed"), { response: { status, headers: {}, data: {} } });
    const source = () => Promise.any([Promise.reject(new TypeError("fetch failed")), Promise.reject(refused)]);
    const tokens = createTokenManager(source);
    t.after(() => tokens.close());
    const failed = new Promise((resolve) => tokens.on("refreshFailed", ({ error }) => resolve(error.code)));
    tokens.prefetch();
    assert.equal(await failed, code);
  });
}
