// sharedSource where there are no tabs, and what it asks an address.
import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";

import { createTokenManager } from "../../../dist/index.js";
import { sharedSource } from "../../../dist/tabs.js";
import { counting, reply } from "./support.mjs";

const ADDRESS = "https://app.test/api/sts";

test("in Node it is the source itself", () => {
  const source = counting();
  assert.equal(sharedSource(source, { name: "user" }), source);
});

test("misuse is told at the call, by the option's name", () => {
  const source = counting();
  const cases = [
    [source, undefined, /^options /],
    [source, {}, /^name /],
    [source, { name: "" }, /^name /],
    [source, { name: 7 }, /^name /],
    [source, { name: "user", names: 1 }, /^names .*did you mean name\?/],
    [source, { name: "user", request: {} }, /^request /],
    [source, { name: "user", patience: 1 }, /^patience .*from 50 to 60000; 1 looks like seconds/],
    [source, { name: "user", patience: "3 s" }, /^patience /],
    ["http://app.test/sts", { name: "user" }, /^source .*https/],
    [ADDRESS, { name: "user", request: { header: {} } }, /^request\.header .*did you mean headers/],
    [ADDRESS, { name: "user", request: { headers: { "no name": "1" } } }, /^request\.headers: no name /],
    [ADDRESS, { name: "user", request: "x-csrf-token" }, /^request /],
  ];
  for (const [from, options, message] of cases) {
    assert.throws(() => sharedSource(from, options), { code: "invalid_option", message });
  }
});

describe("an address", () => {
  const { fetch } = globalThis;
  afterEach(() => (globalThis.fetch = fetch));

  /** Answers each request with the next of `answers`, or with a token; resolves with what was asked. */
  function answering(...answers) {
    const asked = [];
    globalThis.fetch = async (address, init) => {
      asked.push({ address, ...init });
      return answers.shift() ?? Response.json(reply(asked.length));
    };
    return asked;
  }

  test("is asked by POST, with what the page adds, and with a body only if there is something to say", async () => {
    const asked = answering();
    const request = () => ({ headers: { "x-csrf-token": "csrf" }, credentials: "include" });
    const tokens = createTokenManager({ source: sharedSource(ADDRESS, { name: "user", request }) });
    const token = await tokens.getToken();
    tokens.invalidate(token);
    await tokens.getToken();
    tokens.close();
    const [first, second] = asked.map((init) => ({ ...init, headers: new Headers(init.headers) }));
    assert.deepEqual([first.method, first.cache, first.redirect, first.body], ["POST", "no-store", "error", undefined]);
    assert.deepEqual([first.credentials, first.headers.get("x-csrf-token")], ["include", "csrf"]);
    assert.deepEqual(JSON.parse(second.body), { reason: "rejected", scope: "", rejected: token.accessKeyId });
    assert.equal(second.headers.get("content-type"), "application/json");
    assert.equal(second.headers.get("x-csrf-token"), "csrf");
  });

  test("that refuses the type of the body is asked once more without one", async () => {
    const asked = answering(new Response(null, { status: 415 }));
    const tokens = createTokenManager({ source: sharedSource(new URL(ADDRESS), { name: "user" }) });
    assert.equal((await tokens.getToken({ scope: "tenant" })).accessKeyId, "STS.Key2");
    tokens.close();
    assert.deepEqual(
      asked.map(({ body }) => body),
      ['{"reason":"initial","scope":"tenant"}', undefined],
    );
  });
});
