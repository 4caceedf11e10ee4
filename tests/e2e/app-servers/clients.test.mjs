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
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
});

before(async () => {
  await install();
  await once(server.listen(0, "127.0.0.1"), "listening");
  url = `http://127.0.0.1:${server.address().port}/api/sts`;
});

after(() => server.close());

const TOKEN = { AccessKeyId: "STS.a", AccessKeySecret: "b", SecurityToken: "c", DurationSeconds: 900 };

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
};

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
        const error = await failureOf(source);
        assert.equal(error.status, refusal[0]);
        if (code) assert.equal(error.code, code);
        if (retryAfter) assert.equal(error.retryAfter, retryAfter);
        // It leaves the body where it is, and what is in it unread.
        if (name === "ky-1") return;
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
