// Source functions on the HTTP clients of npm: each puts the status, the body and the headers of a refusal elsewhere.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";

import { install, load } from "./install.mjs";
import { failureOf, withManager } from "./manager.mjs";

/** What the server answers: `[status, body, headers]`. */
let answer;
let asked = 0;
let url;

const server = createServer((request, response) => {
  asked++;
  const [status, body, headers] = answer;
  const text = typeof body === "string" ? body : JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(text);
});

before(async () => {
  await install();
  await once(server.listen(0, "127.0.0.1"), "listening");
  url = `http://127.0.0.1:${server.address().port}/api/sts`;
});

after(() => server.close());

const TOKEN = { AccessKeyId: "STS.a", AccessKeySecret: "b", SecurityToken: "c", DurationSeconds: 900 };

const PAGE = "<!doctype html><title>Sign in</title>";

/** Name → what its documentation shows as a POST that resolves with the parsed answer. */
const CLIENTS = {
  async axios() {
    const { default: axios } = await load("axios");
    return ({ signal }) => axios.post(url, null, { signal }).then(({ data }) => data);
  },
  // Before errors had a status of their own.
  async "axios-0"() {
    const { default: axios } = await load("axios-0");
    return () => axios.post(url).then(({ data }) => data);
  },
  async ky() {
    const { default: ky } = await load("ky");
    return ({ signal }) => ky.post(url, { signal, retry: 0 }).json();
  },
  async "ky-1"() {
    const { default: ky } = await load("ky-1");
    return ({ signal }) => ky.post(url, { signal, retry: 0 }).json();
  },
  async "umi-request"() {
    const { default: exports } = await load("umi-request");
    const request = exports.default;
    return () => request.post(url);
  },
  async superagent() {
    const { default: superagent } = await load("superagent");
    return () => superagent.post(url).then(({ body }) => body);
  },
  async ofetch() {
    const { ofetch } = await load("ofetch");
    return ({ signal }) => ofetch(url, { method: "POST", signal, retry: 0 });
  },
  async got() {
    const { got } = await load("got");
    return ({ signal }) => got.post(url, { signal, retry: { limit: 0 } }).json();
  },
  async fetch() {
    return ({ signal }) =>
      fetch(url, { method: "POST", signal }).then((response) =>
        response.ok ? response.json() : Promise.reject(response),
      );
  },
  // Pages that look at the status themselves, or nowhere.
  async "axios, whatever the status, and its answer whole"() {
    const { default: axios } = await load("axios");
    return () => axios.post(url, null, { validateStatus: () => true });
  },
  async "got, whatever the status, and its answer whole"() {
    const { got } = await load("got");
    return () => got.post(url, { throwHttpErrors: false, retry: { limit: 0 } });
  },
  async "superagent, its answer whole"() {
    const { default: superagent } = await load("superagent");
    return () => superagent.post(url);
  },
  async "axios, whose interceptor resolves with the error"() {
    const { default: axios } = await load("axios");
    const client = axios.create();
    client.interceptors.response.use(
      ({ data }) => data,
      (error) => Promise.resolve(error),
    );
    return () => client.post(url);
  },
  async "axios-0, its error caught and returned in front of nothing"() {
    const { default: axios } = await load("axios-0");
    return () =>
      axios.post(url).then(
        ({ data }) => data,
        (error) => [error, undefined],
      );
  },
};

/** What pages make of a refusal: a function that gets the response of `fetch` or of axios, and what it knows afterwards. */
const INTERCEPTED = {
  "axios, whose interceptor rejects with the response": {
    source: (axios) => axios.post(url).then(({ data }) => data),
    reject: ({ response }) => response,
    knows: ["status", "serverCode", "retryAfter"],
  },
  "axios, whose interceptor rejects with the body": {
    source: (axios) => axios.post(url).then(({ data }) => data),
    reject: ({ response }) => response?.data,
    knows: ["serverCode"],
  },
  "axios, whose interceptor rejects with an error of its own": {
    source: (axios) => axios.post(url).then(({ data }) => data),
    reject: (cause) => new Error("no token", { cause }),
    knows: ["status", "serverCode", "retryAfter"],
  },
  "axios, whose interceptor rejects with the body's code and words": {
    source: (axios) => axios.post(url).then(({ data }) => data),
    reject: ({ response }) => Object.assign(new Error(response?.data.msg), { code: response?.data.code }),
    knows: ["serverCode"],
  },
  "fetch, the response thrown": {
    source: () => fetching((response) => response),
    knows: ["status", "serverCode", "retryAfter"],
  },
  "fetch, the response thrown that was read": {
    source: () => fetching((response) => response.text().then(() => response)),
    knows: ["status", "retryAfter"],
  },
  "fetch, the body's text thrown": {
    source: () => fetching((response) => response.text()),
    knows: ["serverCode"],
  },
  "fetch, an error with the status in its words": {
    source: () => fetching((response) => new Error(`HTTP error! status: ${response.status}`)),
    knows: ["status"],
  },
  "fetch, the status thrown": {
    source: () => fetching((response) => response.status),
    knows: ["status"],
  },
};

/** A source on `fetch` that throws what `made` makes of a response that is no success. */
async function fetching(made) {
  const response = await fetch(url, { method: "POST" });
  if (!response.ok) throw await made(response);
  return response.json();
}

/** Answer → what the page is told, and after how many requests. */
const REFUSALS = [
  { answer: [401, { message: "please sign in" }], code: "unauthenticated", requests: 1 },
  { answer: [403, { code: "NoPermission", message: "not authorized" }], serverCode: "NoPermission", requests: 1 },
  { answer: [404, { message: "Not Found" }], code: "http", requests: 1 },
  { answer: [429, {}, { "retry-after": "60" }], code: "throttled", retryAfter: 60_000, requests: 1 },
  { answer: [400, { code: 1001, msg: "no uploads left" }], code: "http", serverCode: "1001", requests: 3 },
];

for (const [name, make] of Object.entries(CLIENTS)) {
  describe(name, () => {
    let source;
    before(async () => (source = await make()));

    test("a token", async () => {
      answer = [200, TOKEN];
      await withManager({ source }, async (tokens) => assert.equal((await tokens.getToken()).accessKeyId, "STS.a"));
    });

    for (const { answer: refusal, code, serverCode, retryAfter, requests } of REFUSALS) {
      test(`${refusal[0]} ${JSON.stringify(refusal[1])}`, async () => {
        answer = refusal;
        asked = 0;
        const error = await failureOf(source, { policy: retryAfter && { waitDeadline: 3000 } });
        assert.equal(error.status, refusal[0]);
        if (code) assert.equal(error.code, code);
        if (retryAfter) assert.equal(error.retryAfter, retryAfter);
        if (serverCode) assert.equal(error.serverCode, serverCode);
        const said = refusal[1].message ?? refusal[1].msg;
        if (said) assert.equal(error.serverMessage, said);
        assert.equal(asked, requests);
      });
    }

    test("500, then a token", async () => {
      answer = [500, { message: "oops" }];
      await withManager({ source }, async (tokens) => {
        tokens.on("refreshFailed", ({ error }) => {
          assert.equal(error.status, 500);
          answer = [200, TOKEN];
        });
        assert.equal((await tokens.getToken()).accessKeyId, "STS.a");
      });
    });

    test("the page of a proxy, then a token", async () => {
      answer = [200, PAGE, { "content-type": "text/html" }];
      await withManager({ source }, async (tokens) => {
        tokens.on("refreshFailed", ({ error }) => {
          assert.equal(error.code, "invalid_response");
          answer = [200, TOKEN];
        });
        assert.equal((await tokens.getToken()).accessKeyId, "STS.a");
      });
    });

    test("nobody there", async () => {
      const there = url;
      url = "http://127.0.0.1:9/";
      const error = await failureOf(source, { policy: { waitDeadline: 500 } });
      url = there;
      assert(["network", "timeout"].includes(error.code), error.code);
      assert.equal(error.status, undefined);
    });
  });
}

for (const [name, { source: make, reject, knows }] of Object.entries(INTERCEPTED)) {
  describe(name, () => {
    let source;
    before(async () => {
      const { default: axios } = await load("axios");
      const client = axios.create();
      if (reject) client.interceptors.response.use(undefined, (error) => Promise.reject(reject(error)));
      source = () => make(client);
    });

    test("a token", async () => {
      answer = [200, TOKEN];
      await withManager({ source }, async (tokens) => assert.equal((await tokens.getToken()).accessKeyId, "STS.a"));
    });

    test("a session that ended", async () => {
      answer = [401, { code: 401, msg: "please sign in" }];
      asked = 0;
      const error = await failureOf(source);
      assert.equal(error.code, "unauthenticated");
      assert.equal(asked, 1);
      assert.notEqual(error.cause, undefined);
    });

    test("a refusal with a code", async () => {
      answer = [403, { code: "NoPermission", msg: "not authorized" }];
      const error = await failureOf(source);
      if (knows.includes("status")) assert.equal(error.status, 403);
      if (knows.includes("serverCode"))
        assert.deepEqual([error.serverCode, error.serverMessage], ["NoPermission", "not authorized"]);
    });

    if (knows.includes("retryAfter"))
      test("a wait", async () => {
        answer = [429, {}, { "retry-after": "60" }];
        const error = await failureOf(source, { policy: { waitDeadline: 3000 } });
        assert.deepEqual([error.code, error.status, error.retryAfter], ["throttled", 429, 60_000]);
      });

    test("nobody there", async () => {
      const there = url;
      url = "http://127.0.0.1:9/";
      const error = await failureOf(source, { policy: { waitDeadline: 500 } });
      url = there;
      assert(["network", "timeout"].includes(error.code), error.code);
      assert.equal(error.status, undefined);
    });
  });
}
