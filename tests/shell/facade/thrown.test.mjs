// What a source function throws, as the caller is told of it.
import assert from "node:assert/strict";
import { test } from "node:test";

import { createTokenManager } from "upload-token";

import { next, reply } from "./support.mjs";

const answered = (status) =>
  Object.assign(new Error("Request failed"), { response: { status, headers: {}, data: {} } });
const any = (...errors) => Promise.any(errors.map((error) => Promise.reject(error)));

/** Resolves with what the first request that `source` fails is told as. */
async function told(t, source) {
  const tokens = createTokenManager({ source });
  t.after(() => tokens.close());
  const failed = next(tokens, "refreshFailed");
  tokens.prefetch();
  return failed;
}

test("the status of an answer counts whose body is larger than any that is read, and that the page has not read", async (t) => {
  const { error } = await told(t, () => {
    const response = new Response("x".repeat(300 << 10), { status: 404 });
    throw Object.assign(new Error("Request failed with status code 404"), { name: "HTTPError", response });
  });
  assert.deepEqual([error.code, error.status], ["http", 404]);
});

test("of mirrors that all failed, one that may be back is asked again", async (t) => {
  for (const errors of [
    [answered(404), new TypeError("fetch failed")],
    [new TypeError("fetch failed"), answered(404)],
    [answered(404), answered(503)],
  ]) {
    const { error, retryIn } = await told(t, () => any(...errors));
    assert.ok(retryIn > 0, `${error.code} is asked again`);
  }
  const { error, retryIn } = await told(t, () => any(answered(404), answered(410)));
  assert.deepEqual([error.code, error.status, retryIn], ["http", 404, undefined]);
  assert.equal((await told(t, () => any(answered(503), answered(401)))).error.code, "unauthenticated");
});

test("a class behind a proxy that reads its own private member is the page's mistake", async (t) => {
  class Sts {
    #token = reply(1);
    token() {
      return this.#token;
    }
  }
  const proxy = new Proxy(new Sts(), {});
  const { error, retryIn } = await told(t, () => proxy.token());
  assert.deepEqual([error.code, retryIn], ["source", undefined]);
});

test("a page's own error with the code of a session that is over is that, whatever it says", async (t) => {
  const { error } = await told(t, () => {
    throw Object.assign(new Error("Please reload this page first"), { code: "NOT_LOGIN" });
  });
  assert.equal(error.code, "unauthenticated");
});
