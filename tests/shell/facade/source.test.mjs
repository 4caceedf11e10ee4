// What a source function may answer, and what becomes of what it should not.
import assert from "node:assert/strict";
import { test } from "node:test";
import vm from "node:vm";

import { createTokenManager } from "upload-token";

import { never, next, reply } from "./support.mjs";

const GOOD = {
  "an object": () => reply(1),
  "a promise of one": async () => reply(1),
  "JSON text": () => JSON.stringify(reply(1)),
  "a Response": () => Response.json(reply(1)),
  "a Response of a polyfill": () => ({ status: 200, text: async () => JSON.stringify(reply(1)) }),
  "an envelope": () => ({ code: 0, data: { credentials: reply(1) } }),
  "a Date in it": () => ({ ...reply(1), expiresIn: undefined, Expiration: new Date(Date.now() + 3_600_000) }),
  "an object of another realm": () => vm.runInNewContext(`(${JSON.stringify(reply(1))})`),
  "an object with toJSON": () => ({ toJSON: () => reply(1) }),
  "a thenable": () => ({ then: (resolve) => resolve(reply(1)) }),
  "the answer of AssumeRole": () => {
    const { expiresIn: _, ...credentials } = reply(1);
    return { body: { credentials: { ...credentials, Expiration: new Date(Date.now() + 9e5).toISOString() } } };
  },
};

for (const [what, source] of Object.entries(GOOD)) {
  test(`a source may answer with ${what}`, async (t) => {
    const tokens = createTokenManager({ source });
    t.after(() => tokens.close());
    assert.equal((await tokens.getToken()).securityToken, "CanaryToken1");
  });
}

const cycle = reply(1);
cycle.self = cycle;

const BAD = {
  nothing: [() => {}, "source"],
  null: [() => null, "invalid_response"],
  "a number": [() => 7, "invalid_response"],
  "a BigInt in it": [() => ({ ...reply(1), id: 1n }), "invalid_response"],
  "a cycle": [() => cycle, "invalid_response"],
  "a getter that throws": [
    () => ({
      get AccessKeyId() {
        throw new Error("CanarySecret");
      },
    }),
    "invalid_response",
  ],
  "a function": [() => () => reply(1), "invalid_response"],
  HTML: [() => "<!doctype html>", "invalid_response"],
  "a long-lived key": [() => ({ ...reply(1), AccessKeyId: "LTAI5tCanary" }), "long_lived_key"],
  "a dead token": [() => ({ ...reply(1), expiresIn: 0 }), "expired_on_arrival"],
  "an error under HTTP 200": [() => ({ Code: "NoPermission", Message: "CanarySecret" }), "http"],
  "a Response with 403": [() => new Response("", { status: 403 }), "forbidden"],
  "a Response with 503": [() => new Response("", { status: 503 }), "http"],
  "a Response whose body was read": [
    async () => {
      const used = Response.json(reply(1));
      await used.text();
      return used;
    },
    "network",
  ],
  "a proxy that throws": [
    () =>
      new Proxy(
        {},
        {
          get() {
            throw new Error("boom");
          },
        },
      ),
    "network",
  ],
};

for (const [what, [source, code]] of Object.entries(BAD)) {
  test(`a source that answers with ${what} fails with ${code}`, async (t) => {
    const tokens = createTokenManager({ source });
    t.after(() => tokens.close());
    tokens.prefetch();
    const { error } = await next(tokens, "refreshFailed");
    assert.equal(error.code, code);
    assert(!error.message.includes("Canary"), error.message);
  });
}

const THROWN = {
  "an error": [new Error("offline"), "network"],
  "a string": ["offline", "network"],
  "an error with a status": [Object.assign(new Error("busy"), { status: 429 }), "throttled"],
  undefined: [undefined, "network"],
};

for (const [what, [thrown, code]] of Object.entries(THROWN)) {
  for (const [how, source] of [
    [
      "throws",
      () => {
        throw thrown;
      },
    ],
    ["rejects with", () => Promise.reject(thrown)],
  ]) {
    test(`a source that ${how} ${what} fails with ${code}, and that as the cause`, async (t) => {
      const tokens = createTokenManager({ source });
      t.after(() => tokens.close());
      tokens.prefetch();
      const { error } = await next(tokens, "refreshFailed");
      assert.equal(error.code, code);
      if (code === "network") assert.equal(error.cause, thrown);
    });
  }
}

test("a source that never settles is given up at the deadline, again and again", async (t) => {
  const signals = [];
  const source = ({ signal }) => (signals.push(signal), never());
  const policy = { backoffBase: 10, pullIn: 0, waitDeadline: 250 };
  const tokens = createTokenManager({ source, deadline: 50, policy });
  t.after(() => tokens.close());
  // Timers of the manager do not keep Node alive; a test's own does.
  const alive = setTimeout(() => {}, 60_000);
  t.after(() => clearTimeout(alive));
  await assert.rejects(tokens.getToken(), { code: "timeout" });
  assert(signals.length >= 2);
  assert(signals.slice(0, -1).every(({ aborted }) => aborted));
});

test("mapReply reads what no reader can know", async (t) => {
  const sealed = Buffer.from(JSON.stringify(reply(1))).toString("base64");
  const unseal = (text) => JSON.parse(Buffer.from(text, "base64").toString());
  for (const [source, mapReply] of [
    [() => ({ sealed }), (value) => unseal(value.sealed)],
    [() => Response.json({ sealed }), async (value) => unseal(value.sealed)],
    [() => new Response(sealed), unseal],
  ]) {
    const tokens = createTokenManager({ source, mapReply });
    t.after(() => tokens.close());
    assert.equal((await tokens.getToken()).accessKeySecret, "CanarySecret1");
  }
});

test("what mapReply throws is the cause, and it does not see refusals", async (t) => {
  const boom = new Error("no key");
  const mapReply = () => {
    throw boom;
  };
  for (const [source, code, cause] of [
    [() => reply(1), "network", boom],
    [() => new Response("", { status: 500 }), "http", undefined],
  ]) {
    const tokens = createTokenManager({ source, mapReply });
    t.after(() => tokens.close());
    tokens.prefetch();
    const { error } = await next(tokens, "refreshFailed");
    assert.equal(error.code, code);
    assert.equal(error.cause, cause);
  }
});
