// Rules that are written in Rust for the module and in TypeScript for what it does not see: each case goes both ways.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { afterEach, describe, test } from "node:test";
import { runInNewContext } from "node:vm";
import { transform } from "esbuild";

import { createTokenManager } from "upload-token";
import { sharedSource } from "upload-token/tabs";

import { reply } from "./support.mjs";

const read = (file) => readFile(new URL(`../../../${file}`, import.meta.url), "utf8");

test("the codes of a dead token are the same to the module and to the adapter of ali-oss", async () => {
  const [rust, adapter] = await Promise.all([read("src/error/codes.rs"), read("js/adapters/ali-oss/refusals.ts")]);
  const matched = /fn is_dead_token_code[^]*?matches!\(([^)]*)\)/.exec(rust)[1];
  const codes = [...matched.matchAll(/"(\w+)"/g)].map(([, code]) => code);
  assert(codes.length >= 4, `${codes.length} codes were found`);
  assert.deepEqual(/DEAD_TOKEN =\s+\/\^\(\?:([\w|]+)\)/.exec(adapter)[1].split("|"), codes);
});

test("what is a mistake of the page's function wasm is one of its source, too", async () => {
  const mistake = new RegExp(/OF_MISTAKE =\s+\/(.*)\/i;/.exec(await read("js/module.ts"))[1], "i");
  const told = async (message) => {
    const tokens = createTokenManager(() => Promise.reject(new TypeError(message)));
    const { error } = await new Promise((resolve) => (tokens.on("refreshFailed", resolve), tokens.prefetch()));
    tokens.close();
    return error.code;
  };
  for (const message of [
    "load is not a function",
    "Sts is not a constructor",
    "sts is not defined",
    "sts is not iterable",
    "undefined is not an object (evaluating 'a.b')",
    "a is undefined",
    "a is null",
    "Cannot read properties of undefined (reading 'b')",
    "Cannot set properties of undefined (setting 'b')",
    "Cannot destructure property 'b' of 'a' as it is undefined.",
    "Cannot access 'a' before initialization",
    'can\'t access property "b", a is undefined',
    "Assignment to constant variable.",
    "Invalid URL",
    "Failed to parse URL from /sts",
  ]) {
    assert.match(message, mistake);
    assert.equal(await told(message), "source", message);
  }
  for (const message of [
    "Failed to fetch",
    "Load failed",
    "NetworkError when attempting to fetch resource.",
    "已取消",
  ]) {
    assert.doesNotMatch(message, mistake);
    assert.equal(await told(message), "network", message);
  }
});

describe("an address is asked in the same way", () => {
  const ADDRESS = "https://app.test/api/sts";
  const { fetch } = globalThis;
  afterEach(() => {
    globalThis.fetch = fetch;
    delete globalThis.location;
    delete globalThis.origin;
  });

  /** What is asked of `source`, whose first answer has the status `first`, for a token and then for one in its place. */
  async function asked(source, { first = 200, scope = "", request } = {}) {
    const requests = [];
    globalThis.fetch = async (address, { signal, headers, ...init }) => {
      assert(signal instanceof AbortSignal);
      requests.push({ address: String(address), headers: [...new Headers(headers)], ...init });
      return requests.length === 1 && first !== 200
        ? new Response(null, { status: first })
        : Response.json(reply(requests.length));
    };
    const tokens = createTokenManager({ source, ...(typeof source === "string" && { request }) });
    const token = await tokens.getToken({ scope });
    tokens.invalidate(token);
    await tokens.getToken({ scope });
    tokens.close();
    return requests;
  }

  const CASES = {
    "without additions": {},
    "for a scope": { scope: "tenant" },
    "where the type of the body is refused": { scope: "tenant", first: 415 },
    "where it is refused though nothing was said": { first: 415, fails: true },
    "with headers and credentials": {
      scope: "tenant",
      request: { headers: { "x-csrf-token": "csrf" }, credentials: "include" },
    },
    "with headers as pairs, of which one says another type": {
      scope: "tenant",
      request: { headers: [["Content-Type", "text/plain"]] },
    },
    "with a body of the page's own": { scope: "tenant", request: { body: "a=1" } },
    "with what a function makes of the question": {
      scope: "tenant",
      request: (wanted) => ({ headers: { "x-wanted": JSON.stringify(wanted) } }),
    },
    "at the page's own site": { scope: "tenant", page: "https://app.test" },
    "at another site": { scope: "tenant", page: "https://page.test" },
    "at another site that refuses the type": { scope: "tenant", page: "https://page.test", first: 415 },
  };
  for (const [what, { page, fails, ...of }] of Object.entries(CASES)) {
    test(what, async () => {
      const { request } = of;
      // Made in Node, where it is its source alone.
      const shared = sharedSource(ADDRESS, { name: "user", request });
      if (page) Object.assign(globalThis, { location: { href: `${page}/upload`, origin: page }, origin: page });
      const ways = [ADDRESS, shared].map((source) => () => asked(source, of));
      if (fails) {
        for (const way of ways) await assert.rejects(way, { status: 415 });
        return;
      }
      const [module, tabs] = [await ways[0](), await ways[1]()];
      assert(module.length > 1);
      assert.deepEqual(tabs, module);
    });
  }
});

describe("what a source gives is the same token to the tab that asked and to the others", async () => {
  // What tabs tell each other, by itself: it imports nothing.
  const { code } = await transform(await read("js/tabs/answer.ts"), { loader: "ts" });
  const { answerOf, responseOf } = await import(`data:text/javascript,${encodeURIComponent(code)}`);

  /** What a manager makes of what `source` gives: the token and for how many minutes, or the error. */
  async function made(source) {
    const tokens = createTokenManager(source);
    const failed = new Promise((_, reject) => tokens.on("refreshFailed", ({ error }) => reject(error)));
    const alive = setTimeout(() => {}, 60_000);
    try {
      const { accessKeyId, securityToken } = await Promise.race([tokens.getToken(), failed]);
      return { accessKeyId, securityToken, minutes: Math.round(tokens.status().validFor / 60_000) };
    } catch ({ code, status, retryAfter, serverCode }) {
      return { code, status, retryAfter, serverCode };
    } finally {
      clearTimeout(alive);
      tokens.close();
    }
  }

  class Answer {
    constructor(members) {
      Object.assign(this, members);
    }
  }
  const token = reply(1);
  const text = JSON.stringify(token);
  const soon = Math.floor(Date.now() / 1000) + 3600;
  const CASES = {
    "a token": token,
    "its text": text,
    "a Response": new Response(text, { headers: { age: "60" } }),
    "a Response that refuses": new Response(JSON.stringify({ code: "NoPermission" }), { status: 403 }),
    "axios's answer": { status: 200, headers: {}, config: {}, data: token },
    "axios's answer of a text": { status: 200, headers: {}, config: {}, data: text },
    "axios's answer that refuses": { status: 401, headers: {}, config: {}, data: { message: "sign in" } },
    "axios's answer that asks to wait": { status: 429, headers: { "retry-after": "7" }, config: {}, data: "" },
    "axios's answer without a body": { status: 200, headers: {}, config: {} },
    "got's answer": new Answer({ statusCode: 200, headers: {}, body: text }),
    "superagent's answer": new Answer({ status: 200, header: {}, body: token, text }),
    "superagent's answer of a text of an unknown type": new Answer({ status: 200, header: {}, body: {}, text }),
    "superagent's answer that asks to wait": new Answer({ status: 429, header: { "retry-after": "7" }, body: {} }),
    "an answer whose headers are a function's": new Answer({
      status: 200,
      headers: { get: (name) => (name === "age" ? "120" : null) },
      data: token,
    }),
    "an answer that names both statuses": new Answer({ status: "ok", statusCode: 401, headers: {}, body: token }),
    "plain data with the members of an answer": { status: 200, headers: {}, data: token },
    "plain data with a status that refuses": { status: 401, headers: {}, data: token },
    "an answer without headers": new Answer({ status: 401, data: token }),
    "an answer that inherits nothing": Object.assign(Object.create(null), { status: 200, headers: {}, data: token }),
    "an answer of another realm": runInNewContext("({ status: 200, headers: {}, data: JSON.parse(text) })", { text }),
    "a body that inherits nothing": Object.assign(Object.create(null), token),
    "an end that is a BigInt": { ...token, expiresIn: undefined, Expiration: BigInt(soon) },
    "an end in ms that is a BigInt": { ...token, expiresIn: undefined, Expiration: BigInt(soon) * 1000n },
    "a BigInt larger than numbers are exact": { ...token, requestId: 2n ** 63n },
    "a key that is a BigInt larger than that": { ...token, SecurityToken: 2n ** 64n + 1n },
    "an end that is a Date": { ...token, expiresIn: undefined, Expiration: new Date(soon * 1000) },
    "what says itself how it is carried": { toJSON: () => token },
    "a list": [token],
    "an empty text": "",
    nothing: null,
    "a number": 7,
  };
  for (const [what, value] of Object.entries(CASES)) {
    test(what, async () => {
      const give = async () => (value instanceof Response ? value.clone() : value);
      const answer = await answerOf(await give());
      assert(answer, "tabs can share it");
      assert.deepEqual(await made(async () => responseOf(answer)), await made(give));
    });
  }
});
