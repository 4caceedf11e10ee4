// What clients of HTTP report of their own failures, thrown or resolved with: no server has said it.
import assert from "node:assert/strict";
import { test } from "node:test";

import { createTokenManager } from "upload-token";

import { next, reply } from "./support.mjs";

/** The first failure of a manager with these options. */
async function failure(t, options) {
  const tokens = createTokenManager(options);
  t.after(() => tokens.close());
  tokens.prefetch();
  return next(tokens, "refreshFailed");
}

/** As Angular has it: an object with members of its own, and no error of JavaScript. */
class HttpErrorResponse {
  name = "HttpErrorResponse";
  ok = false;
  statusText = "?";
  headers = { lazyUpdate: null, get: (name) => this.told[name] ?? null };
  constructor(status, error, told = {}) {
    Object.assign(this, { status, error, message: `Http failure response for /sts: ${status} ?` });
    Object.defineProperty(this, "told", { value: told });
  }
}
const named = (name, message, members) => Object.assign(new Error(message), { name, ...members });
const combined = (members) => named("CombinedError", "[Network] no", { graphQLErrors: [], ...members });
const refused = () => new Response(JSON.stringify({ msg: "no uploads for you" }), { status: 401 });
const offline = () => new TypeError("Failed to fetch");

const UNREACHED = {
  "RTK Query's": { error: { status: "FETCH_ERROR", error: "TypeError: Failed to fetch" } },
  "RTK Query's, of a time-out": { error: { status: "TIMEOUT_ERROR", error: "AbortError: no" } },
  "Redux's": { type: "sts/rejected", error: { name: "TypeError", message: "Failed to fetch", stack: "?" } },
  "TanStack Query's": { status: "error", isError: true, data: undefined, error: offline() },
  "TanStack Query's, with what it had": { status: "error", data: reply(1), error: offline() },
  "SWR's": { data: undefined, error: offline(), isLoading: false },
  "urql's": { data: undefined, error: combined({ networkError: offline() }), stale: false },
  "Apollo's": { data: undefined, error: offline() },
  "supabase's": { data: null, error: named("FunctionsFetchError", "Failed to send", { context: offline() }) },
  "PostgREST's": { data: null, error: { message: "TypeError: Failed to fetch", code: "" }, status: 0, statusText: "" },
  "Promise.allSettled's": { status: "rejected", reason: offline() },
  "a mini program's": { errMsg: "request:fail timeout", errno: 5 },
  "uni-app's": [{ errMsg: "request:fail" }, undefined],
  "a list's second": [null, offline()],
  "an interceptor's": { error: "Network Error" },
  "an interceptor's sentence": { success: false, message: "Network Error" },
  "Angular's": new HttpErrorResponse(0, { isTrusted: true }),
  "an XMLHttpRequest's": { readyState: 0, status: 0, statusText: "error" },
};

for (const [whose, report] of Object.entries(UNREACHED)) {
  test(`a source that resolves with ${whose} report has reached nobody`, async (t) => {
    const { error, retryIn } = await failure(t, { source: async () => report });
    assert.deepEqual([error.code, error.status], ["network", undefined]);
    assert(retryIn > 0);
    assert.doesNotMatch(error.message, /answered/);
  });
}

const THROWN = {
  "Angular's": new HttpErrorResponse(0, { isTrusted: true }),
  "Angular's, without an event": new HttpErrorResponse(0, null),
  "RTK Query's": { status: "FETCH_ERROR", error: "TypeError: Failed to fetch" },
  "a mini program's": { errMsg: "request:fail -118:net::ERR_CONNECTION_TIMED_OUT", errno: 600001 },
};

for (const [whose, report] of Object.entries(THROWN)) {
  test(`a source that throws ${whose} report has reached nobody`, async (t) => {
    const { error, retryIn } = await failure(t, { source: () => Promise.reject(report) });
    assert.deepEqual([error.code, error.status], ["network", undefined]);
    assert(retryIn > 0);
  });
}

const unparsed = { status: "PARSING_ERROR", error: "SyntaxError: no", data: "<html>" };

/** Reports of an answer, with the code and the status that it has. */
const ANSWERED = {
  "supabase's": [
    { data: null, error: named("FunctionsHttpError", "no", { context: refused() }) },
    "unauthenticated",
    401,
  ],
  "openapi-fetch's": [{ error: { msg: "no uploads for you" }, response: refused() }, "unauthenticated", 401],
  "openapi-fetch's of a page": [{ error: "<html>", response: new Response("", { status: 502 }) }, "http", 502],
  "openapi-fetch's of nothing": [{ error: undefined, response: new Response("", { status: 403 }) }, "forbidden", 403],
  "urql's": [{ data: undefined, error: combined({ response: refused() }) }, "unauthenticated", 401],
  "RTK Query's": [{ error: { status: 401, data: { msg: "no uploads for you" } } }, "unauthenticated", 401],
  "RTK Query's of a page": [{ error: { ...unparsed, originalStatus: 502 } }, "http", 502],
  "RTK Query's of a page with 200": [{ error: { ...unparsed, originalStatus: 200 } }, "invalid_response", undefined],
  "Angular's of a page with 200": [
    new HttpErrorResponse(200, { error: new SyntaxError("no"), text: "<!doctype html>" }),
    "invalid_response",
    undefined,
  ],
  "Angular's": [new HttpErrorResponse(401, { msg: "no uploads for you" }), "unauthenticated", 401],
};

for (const [whose, [report, code, status]] of Object.entries(ANSWERED)) {
  test(`a source that resolves with ${whose} report fails as what was answered`, async (t) => {
    const { error } = await failure(t, { source: async () => report });
    assert.deepEqual([error.code, error.status], [code, status]);
    if (status === 401) assert.equal(error.serverMessage, "no uploads for you");
    else assert.equal(error.serverMessage, undefined);
  });
}

test("what Angular's answer says of waiting is obeyed, and its own words are no server's", async (t) => {
  const busy = new HttpErrorResponse(503, null, { "retry-after": "7" });
  const { error } = await failure(t, { source: () => Promise.reject(busy) });
  assert.deepEqual([error.code, error.retryAfter, error.serverMessage], ["throttled", 7000, undefined]);
});

const list = [{ message: "quota of today used up", extensions: { code: "QUOTA" } }];

/** Errors that the page's own code, or a client of GraphQL or gRPC, makes of an answer. */
const SAID = {
  "an error of Apollo": [
    named("ApolloError", "no", { graphQLErrors: list }),
    "http",
    "QUOTA",
    "quota of today used up",
  ],
  "an error of urql": [combined({ graphQLErrors: list }), "http", "QUOTA", "quota of today used up"],
  "a class of the page": [
    named("BizError", "该账号审核失败，不能上传", { code: -1 }),
    "http",
    "-1",
    "该账号审核失败，不能上传",
  ],
  "a code of the page": [
    named("Error", "You have reached your limit", { code: "FULL" }),
    "http",
    "FULL",
    "You have reached your limit",
  ],
  "an error of Connect": [
    named("ConnectError", "[permission_denied] no", { code: 7, rawMessage: "no" }),
    "forbidden",
    undefined,
    "no",
  ],
  "an error of gRPC-Web": [named("RpcError", "no", { code: 16 }), "unauthenticated", undefined, "no"],
  "an error of protobuf-ts": [named("RpcError", "no", { code: "RESOURCE_EXHAUSTED" }), "throttled", undefined, "no"],
  "a text in brackets": ["[GraphQL] 请先登录", "unauthenticated", undefined, "[GraphQL] 请先登录"],
  "a number in brackets": ["[40301] 今日上传次数已用完", "http", undefined, "[40301] 今日上传次数已用完"],
  "the words of ofetch": [new Error('[POST] "/api/sts": 401 Unauthorized'), "unauthenticated", undefined, undefined],
};

for (const [what, [thrown, code, serverCode, serverMessage]] of Object.entries(SAID)) {
  test(`a source that throws ${what} fails with what was said`, async (t) => {
    const { error } = await failure(t, { source: () => Promise.reject(thrown) });
    assert.deepEqual([error.code, error.serverCode, error.serverMessage], [code, serverCode, serverMessage]);
  });
}

test("an answer that asks to come back later is asked for again as long as a caller waits", async (t) => {
  for (const busy of [
    { code: -1, msg: "系统繁忙，请稍后再试", data: null },
    { code: 5000, msg: "Service temporarily unavailable, please try again later" },
    { code: 0, msg: "请求处理中，请稍候", data: null },
  ]) {
    let asked = 0;
    const source = () => (++asked < 6 ? busy : reply(1));
    const tokens = createTokenManager({ source, policy: { backoffBase: 10, backoffCap: 10, dryBackoffCap: 10 } });
    t.after(() => tokens.close());
    await tokens.getToken();
    assert.equal(asked, 6);
  }
});

const pick = ({ AccessKeyId, AccessKeySecret, SecurityToken }) => ({ AccessKeyId, AccessKeySecret, SecurityToken });
const unwrap = ({ data }) => ({ AccessKeyId: data.ak, AccessKeySecret: data.sk, SecurityToken: data.st });

for (const [how, mapReply] of Object.entries({ picks: pick, unwraps: unwrap })) {
  test(`a mapReply that ${how} hides no refusal and no page`, async (t) => {
    for (const [body, code, words] of [
      [{ code: 401, msg: "请先登录" }, "unauthenticated"],
      [{ code: "Throttling.User", msg: "slow" }, "throttled"],
      [{ code: 1001, msg: "今日上传次数已用完", data: null }, "http"],
      ["<!doctype html>", "invalid_response", /it is HTML/],
      ["", "invalid_response", /it is empty/],
      ["offline", "invalid_response", /it is plain text/],
    ]) {
      for (const source of [() => new Response(typeof body === "string" ? body : JSON.stringify(body)), () => body]) {
        const { error, retryIn } = await failure(t, { source, mapReply });
        assert.equal(error.code, code);
        if (words) assert.match(error.message, words);
        assert.equal(retryIn === undefined, code === "unauthenticated");
      }
    }
  });
}

test("what a mapReply makes of an encrypted answer counts by itself", async (t) => {
  const source = () => new Response("c2VhbGVk");
  const { error } = await failure(t, { source, mapReply: () => ({ code: 401, msg: "请先登录" }) });
  assert.equal(error.code, "unauthenticated");
  const mistaken = await failure(t, { source, mapReply: () => notThere() });
  assert.equal(mistaken.error.code, "map_reply");
});

test("a function that has worked and finds nothing in an answer is asked again", async (t) => {
  const answers = [{ data: { sts: reply(1) } }, { code: -1, data: null }, { data: { sts: reply(2) } }];
  let asked;
  for (const options of [
    { source: () => answers[asked++].data.sts },
    { source: () => answers[asked++], mapReply: ({ data }) => data.sts },
  ]) {
    asked = 0;
    const tokens = createTokenManager({ ...options, policy: { backoffBase: 10 } });
    t.after(() => tokens.close());
    await tokens.getToken();
    const failed = next(tokens, "refreshFailed");
    tokens.invalidate(tokens.peek());
    assert.equal((await tokens.getToken()).accessKeyId, reply(2).AccessKeyId);
    assert.equal((await failed).retryIn > 0, true);
  }
});

test("one that has never worked has a mistake, or an answer that it does not expect", async (t) => {
  const source = () => ({ code: -1, data: null }).data.sts;
  const { error, retryIn } = await failure(t, { source });
  assert.deepEqual([error.code, retryIn], ["source", undefined]);
  assert.match(error.message, /reading 'sts'\); or the answer was not as it expects/);
});

test("a BigInt is a number, or its digits where a number would lose it", async (t) => {
  const { expiresIn: _, ...credentials } = reply(1);
  const seconds = BigInt(Math.floor(Date.now() / 1000) + 1800);
  for (const expiration of [seconds, { $typeName: "google.protobuf.Timestamp", seconds, nanos: 5 }]) {
    const tokens = createTokenManager({ source: () => ({ ...credentials, expiration, id: 2n ** 60n, n: 7n }) });
    t.after(() => tokens.close());
    const token = await tokens.getToken();
    assert.equal(token.expiresAt, Number(seconds) * 1000);
    assert.deepEqual([token.reply.id, token.reply.n], [String(2n ** 60n), 7]);
  }
});

test("what cannot be read is told with what mends it", async (t) => {
  const cycle = reply(1);
  cycle.self = cycle;
  for (const [value, code, words] of [
    [cycle, "invalid_response", /contains itself/],
    [() => reply(1), "invalid_response", /is a function; call it/],
    [{ subscribe() {}, pipe() {} }, "source", /return firstValueFrom/],
    [Response.error(), "invalid_response", /drop mode: "no-cors"/],
    [{ status: 0, type: "opaque", text: async () => "" }, "invalid_response", /drop mode: "no-cors"/],
    [
      { status: 200, redirected: true, text: async () => "<!doctype html>", headers: new Headers() },
      "invalid_response",
      /page of a sign-in/,
    ],
  ]) {
    const { error } = await failure(t, { source: () => value });
    assert.equal(error.code, code);
    assert.match(error.message, words);
  }
});
