// What a source function may answer, and what becomes of what it should not.
import assert from "node:assert/strict";
import { test } from "node:test";
import vm from "node:vm";

import { createTokenManager } from "upload-token";

import { never, next, reply, until } from "./support.mjs";

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
  "a BigInt in it": () => ({ ...reply(1), id: 1n }),
  "a thenable": () => ({ then: (resolve) => resolve(reply(1)) }),
  "the answer of AssumeRole": () => {
    const { expiresIn: _, ...credentials } = reply(1);
    return { body: { credentials: { ...credentials, Expiration: new Date(Date.now() + 9e5).toISOString() } } };
  },
};

/** The answers of clients that a function returns whole, as they are in Node: no JSON carries them. */
class Message {
  constructor(members) {
    Object.assign(this, members, { request: { of: this } });
  }
}
const day = "Mon, 30 Nov 2026 08:00:00 GMT";
const WHOLE = {
  axios: { status: 200, data: reply(1), headers: { date: day }, config: {}, request: cycle() },
  got: new Message({ statusCode: 200, body: JSON.stringify(reply(1)), headers: { date: day } }),
  superagent: new Message({ status: 200, body: reply(1), text: "", headers: { date: day } }),
};
for (const [client, answer] of Object.entries(WHOLE)) GOOD[`a whole answer of ${client}`] = () => answer;

for (const [what, source] of Object.entries(GOOD)) {
  test(`a source may answer with ${what}`, async (t) => {
    const tokens = createTokenManager({ source });
    t.after(() => tokens.close());
    assert.equal((await tokens.getToken()).securityToken, "CanaryToken1");
  });
}

function cycle() {
  const made = reply(1);
  return Object.assign(made, { self: made });
}

const BAD = {
  nothing: [() => {}, "source"],
  null: [() => null, "invalid_response"],
  "a number": [() => 7, "invalid_response"],
  "a cycle": [cycle, "invalid_response"],
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
  "a Response with 401 whose body was read": [
    async () => {
      const used = new Response("{}", { status: 401 });
      await used.text();
      return used;
    },
    "unauthenticated",
  ],
  "the page of a sign-in, which it parses": [() => new Response("<!doctype html>").json(), "invalid_response"],
  "what it cannot decode": [() => atob("<!doctype html>"), "invalid_response"],
  "a whole answer with 401": [
    () => ({ status: 401, data: "", headers: {}, config: {}, request: cycle() }),
    "unauthenticated",
  ],
  "the error that it caught": [() => new TypeError("fetch failed"), "network"],
  "an error of axios that it caught": [
    () => Object.assign(new Error("no"), { response: { status: 401, data: {}, headers: {} } }),
    "unauthenticated",
  ],
  "an error in front of nothing": [() => [new TypeError("fetch failed"), undefined], "network"],
  "a Response whose body was read": [
    async () => {
      const used = Response.json(reply(1));
      await used.text();
      return used;
    },
    "source",
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

/** As browsers have it: its members are not the object's own. */
class Xhr {
  #status;
  #answer;
  constructor(status, answer) {
    this.#status = status;
    this.#answer = answer;
  }
  get status() {
    return this.#status;
  }
  get responseText() {
    if (typeof this.#answer !== "string") throw new Error("InvalidStateError");
    return this.#answer;
  }
  get response() {
    return this.#answer;
  }
  getAllResponseHeaders() {
    return "content-type: application/json\r\nRetry-After: 7\r\n";
  }
}

const refusal = { code: "NotSignedIn", message: "please sign in" };
const refusalText = JSON.stringify(refusal);

/** What tells of an answer with 401 and this refusal in it. */
const REFUSALS = {
  "a Response": new Response(refusalText, { status: 401 }),
  "an error with a Response": Object.assign(new Error("no"), { response: new Response(refusalText, { status: 401 }) }),
  "an XMLHttpRequest": new Xhr(401, refusalText),
  "an XMLHttpRequest that parsed its answer": new Xhr(401, refusal),
  "an event of an XMLHttpRequest": { type: "load", target: new Xhr(401, refusalText) },
  "a jqXHR": { status: 401, responseText: refusalText, responseJSON: refusal, getAllResponseHeaders: () => "" },
  "a response of axios": { status: 401, data: refusal, headers: {}, config: {}, request: cycle() },
  "a response of superagent": { status: 401, body: refusal, text: refusalText, header: {} },
  "an HttpErrorResponse of Angular": {
    name: "HttpErrorResponse",
    status: 401,
    error: refusal,
    headers: { get: () => null },
  },
  "an answer of a mini program": { statusCode: 401, data: refusal, header: {} },
  "a body that says its status": { status: 401, ...refusal },
  "an error of an error": new Error("no token", {
    cause: new Error("no", { cause: { status: 401, data: refusal, headers: {} } }),
  }),
};

for (const [what, thrown] of Object.entries(REFUSALS)) {
  test(`a source that throws ${what} fails as the answer that it tells of`, async (t) => {
    const tokens = createTokenManager({ source: () => Promise.reject(thrown) });
    t.after(() => tokens.close());
    tokens.prefetch();
    const { error } = await next(tokens, "refreshFailed");
    const { code, status, serverCode, serverMessage } = error;
    assert.deepEqual([code, status, serverCode], ["unauthenticated", 401, "NotSignedIn"]);
    assert.equal(serverMessage, "please sign in");
    assert.match(error.message, /sign in again \(source\(\) answered 401\)/);
  });
}

/** What interceptors of pages reject with where the answer was a "no". */
const SAID = {
  "a sentence": "今日上传次数已用完",
  "an error with a sentence": new Error("今日上传次数已用完"),
  "an error with what it is about": Object.assign(new Error("no"), {
    name: "BizError",
    info: { success: false, errorCode: "1001", errorMessage: "今日上传次数已用完" },
  }),
  "an error with a code as text": Object.assign(new Error("今日上传次数已用完"), { code: "1001" }),
  "an error of GraphQL": Object.assign(new Error("今日上传次数已用完: {}"), {
    response: { status: 200, errors: [{ message: "今日上传次数已用完" }], headers: new Headers() },
  }),
  "an error with the code of a failed answer": Object.assign(new Error("今日上传次数已用完"), { code: "500" }),
  "an error with an errcode": Object.assign(new Error("今日上传次数已用完"), { errcode: 1001 }),
};

for (const [what, thrown] of Object.entries(SAID)) {
  test(`a source that rejects with ${what} fails with the server's words, after a few tries`, async (t) => {
    let asked = 0;
    const source = () => (asked++, Promise.reject(thrown));
    const tokens = createTokenManager({ source, policy: { backoffBase: 10, waitDeadline: 5000 } });
    t.after(() => tokens.close());
    const error = await tokens.getToken().catch((error) => error);
    assert.deepEqual([error.code, error.serverMessage], ["http", "今日上传次数已用完"]);
    assert(asked <= 3, `asked ${asked} times`);
    assert.equal(error.cause, thrown);
  });
}

test("a function that has worked and returns nothing is asked again", async (t) => {
  let asked = 0;
  const source = () => (asked++ === 1 ? undefined : { ...reply(asked), expiresIn: 900 });
  const tokens = createTokenManager({ source, policy: { backoffBase: 10 } });
  t.after(() => tokens.close());
  await tokens.getToken();
  tokens.invalidate(tokens.peek());
  assert.equal((await tokens.getToken()).accessKeyId, reply(3).AccessKeyId);
  assert.equal(tokens.status().requests, 3);
});

test("a message that quotes what the page gave is not told", async (t) => {
  for (const source of [
    () => fetch("/api/sts?token=CanarySecret"),
    () => new Headers({ authorization: "Bearer CanarySecret\nabc" }),
    () => "a" in "CanarySecret",
  ]) {
    const tokens = createTokenManager({ source });
    t.after(() => tokens.close());
    const error = await tokens.getToken().catch((error) => error);
    assert.equal(error.code, "source");
    assert(!error.message.includes("Canary"), error.message);
  }
});

test("a Response that a source threw may still be read by the page", async (t) => {
  const thrown = new Response(refusalText, { status: 401 });
  const tokens = createTokenManager({ source: () => Promise.reject(thrown) });
  t.after(() => tokens.close());
  await assert.rejects(tokens.getToken(), { code: "unauthenticated", serverCode: "NotSignedIn" });
  assert.deepEqual(await thrown.json(), refusal);
});

test("what an XMLHttpRequest says of waiting is obeyed", async (t) => {
  const tokens = createTokenManager({ source: () => Promise.reject(new Xhr(429, "")) });
  t.after(() => tokens.close());
  tokens.prefetch();
  assert.equal((await next(tokens, "refreshFailed")).error.retryAfter, 7_000);
});

const THROWN = {
  "a sentence of a session": ["无效的会话，或者会话已过期，请重新登录。", "unauthenticated"],
  "an error with a sentence of a session": [new Error("登录状态已过期，请重新登录"), "unauthenticated"],
  "an error": [new Error("offline"), "network"],
  "a string": ["offline", "network"],
  "an error with a status": [Object.assign(new Error("busy"), { status: 429 }), "throttled"],
  undefined: [undefined, "network"],
  "a text that names a status": ["HTTP error! status: 401", "unauthenticated"],
  "a status": [403, "forbidden"],
  "an XMLHttpRequest that reached nothing": [new Xhr(0, ""), "network"],
  "an error without an end": [
    (() => {
      const error = new Error("no");
      return Object.assign(error, { cause: error });
    })(),
    "network",
  ],
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
  const told = [];
  const source = ({ signal }) => (signals.push(signal), never());
  const policy = { backoffBase: 10, pullIn: 0, waitDeadline: 60_000 };
  const tokens = createTokenManager({ source, deadline: 50, policy });
  t.after(() => tokens.close());
  tokens.on("refreshFailed", ({ error }) => told.push(error.code));
  const waiting = assert.rejects(tokens.getToken(), { code: "closed" });
  await until(() => signals.length >= 3);
  assert.deepEqual(told.slice(0, 2), ["timeout", "timeout"]);
  assert(signals.slice(0, 2).every(({ aborted }) => aborted));
  tokens.close();
  await waiting;
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
    [() => Response.json({ code: 401, msg: "登录过期" }), "unauthenticated", undefined],
    [() => ({ code: 401, msg: "登录过期" }), "unauthenticated", undefined],
  ]) {
    const tokens = createTokenManager({ source, mapReply });
    t.after(() => tokens.close());
    tokens.prefetch();
    const { error } = await next(tokens, "refreshFailed");
    assert.equal(error.code, code);
    assert.equal(error.cause, cause);
  }
});

test("a function in another thread, which answers to every name, is a source like any other", async () => {
  // As Comlink makes one: whatever is called goes to the other thread, and only what can be copied arrives there.
  const remote = (path) =>
    new Proxy(() => {}, {
      get: (_, name) => (name === "then" ? undefined : remote([...path, name])),
      apply: async () => {
        if (path.length > 1) throw new DOMException("it could not be cloned", "DataCloneError");
        return reply(1);
      },
    });
  const tokens = createTokenManager(remote(["getToken"]));
  assert.equal((await tokens.getToken()).accessKeyId, "STS.Key1");
  tokens.close();
});
