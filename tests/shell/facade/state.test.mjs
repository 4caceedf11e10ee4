// A manager as pages keep it: in a framework's state, which is proxies, and taken to pieces.
import assert from "node:assert/strict";
import { test } from "node:test";

import { createTokenManager } from "upload-token";
import { ossOptions } from "upload-token/ali-oss";

const source = () => ({ AccessKeyId: "STS.a", AccessKeySecret: "b", SecurityToken: "c", expiresIn: 3600 });

/** What a page does to a manager that it keeps in its state. */
const KEPT = {
  "a proxy, as in Vue's ref() and reactive()": (manager) => new Proxy(manager, {}),
  "a proxy that wraps what is got from it": (manager) =>
    new Proxy(manager, {
      get: (target, key, receiver) => {
        const value = Reflect.get(target, key, receiver);
        const { writable = true } = Object.getOwnPropertyDescriptor(target, key) ?? {};
        return typeof value === "function" && writable ? new Proxy(value, {}) : value;
      },
    }),
  "a proxy of a proxy": (manager) => new Proxy(new Proxy(manager, {}), {}),
  "its methods by themselves": ({ getToken, peek, prefetch, invalidate, reset, on, status, close }) => ({
    getToken,
    peek,
    prefetch,
    invalidate,
    reset,
    on,
    status,
    close,
  }),
  "an object that inherits from it": (manager) => Object.create(manager),
};

for (const [what, keep] of Object.entries(KEPT)) {
  test(`everything works through ${what}`, async () => {
    const tokens = keep(createTokenManager({ source }));
    const told = [];
    const off = tokens.on("rejected", ({ accessKeyId }) => told.push(accessKeyId));
    const token = await tokens.getToken();
    assert.equal(tokens.peek(), token);
    assert.equal(tokens.status().state, "valid");
    tokens.prefetch("other");
    assert.equal((await ossOptions(tokens)).accessKeyId, "STS.a");
    tokens.invalidate(token);
    assert.deepEqual(told, ["STS.a"]);
    tokens.reset();
    assert.equal(tokens.peek(), undefined);
    assert.equal((await tokens.getToken()).accessKeyId, "STS.a");
    off();
    tokens.close();
    await assert.rejects(tokens.getToken(), { code: "closed" });
  });
}
