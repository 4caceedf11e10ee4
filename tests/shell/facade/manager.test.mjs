// The manager as a page uses it, with a source function.
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { createTokenManager, isUploadTokenError, UploadTokenError } from "upload-token";

import { counting, never, next, reply, until } from "./support.mjs";

// Each test alone finds the module there, too.
const warm = createTokenManager({ source: counting() });
await warm.getToken();
warm.close();

/** A manager that ends with the test. */
function manage(t, options) {
  const tokens = createTokenManager(options);
  t.after(() => tokens.close());
  return tokens;
}

test("getToken resolves with a frozen token, and again with the same one", async (t) => {
  const source = counting();
  const tokens = manage(t, { source });
  const token = await tokens.getToken();
  const parts = ["accessKeyId", "accessKeySecret", "securityToken", "expiration", "expiresAt"];
  assert.deepEqual(Object.keys(token), [...parts, "reply"]);
  assert.equal(token.accessKeyId, "STS.Key1");
  assert.equal(token.accessKeySecret, "CanarySecret1");
  assert.equal(token.securityToken, "CanaryToken1");
  assert.equal(Date.parse(token.expiration), token.expiresAt);
  assert(Math.abs(token.expiresAt - Date.now() - 3_600_000) < 60_000, token.expiration);
  assert(Object.isFrozen(token));
  assert.equal(await tokens.getToken(), token);
  assert.equal(tokens.peek(), token);
  assert.equal(source.requests.length, 1);
});

test("what else the AppServer answered is told with the token, without its secrets", async (t) => {
  const more = { bucket: "videos", dir: "u/7/", record: { id: 7, tags: ["a", "b"] } };
  const source = () => ({ data: { ...reply(1), ...more, backup: "CanarySecret1" } });
  const token = await manage(t, { source }).getToken();
  const { bucket, dir, record } = token.reply.data;
  assert.deepEqual({ bucket, dir, record }, more);
  assert(!JSON.stringify(token.reply).includes("Canary"), JSON.stringify(token.reply));
});

test("reset drops the former user's token and the request under way", async (t) => {
  const requests = [];
  const answers = [];
  const source = (request) =>
    new Promise((resolve) => {
      requests.push(request);
      answers.push(() => resolve(reply(requests.indexOf(request) + 1)));
    });
  const tokens = manage(t, { source });
  tokens.reset();
  const answer = async (nth) => {
    while (answers.length < nth) await new Promise(setImmediate);
    answers[nth - 1]();
  };
  const first = tokens.getToken();
  await answer(1);
  assert.equal((await first).accessKeyId, "STS.Key1");
  tokens.reset("another scope");
  assert.equal(tokens.peek()?.accessKeyId, "STS.Key1");
  tokens.reset();
  assert.equal(tokens.peek(), undefined);

  const waiting = tokens.getToken();
  while (answers.length < 2) await new Promise(setImmediate);
  tokens.reset("");
  assert(requests[1].signal.aborted, "it was asked for as the former user");
  await answer(2);
  await answer(3);
  assert.equal((await waiting).accessKeyId, "STS.Key3");
  assert.throws(() => tokens.reset(7), { code: "invalid_option" });
});

test("overlapping callers share one request", async (t) => {
  const source = counting();
  const tokens = manage(t, { source });
  const all = await Promise.all(Array.from({ length: 100 }, () => tokens.getToken()));
  assert.equal(new Set(all).size, 1);
  assert.equal(source.requests.length, 1);
  assert.equal(source.requests[0].reason, "initial");
  assert.equal(source.requests[0].scope, "");
  assert(source.requests[0].signal instanceof AbortSignal);
});

test("what the answer says beside the token is frozen: all callers share it", async (t) => {
  const tokens = createTokenManager(() => ({ ...reply(1), bucket: "films", limits: { types: [{ name: "mp4" }] } }));
  t.after(() => tokens.close());
  const { bucket, limits } = (await tokens.getToken()).reply;
  assert.deepEqual([bucket, limits], ["films", { types: [{ name: "mp4" }] }]);
  const all = [(await tokens.getToken()).reply, limits, limits.types, limits.types[0]];
  for (const part of all) assert(Object.isFrozen(part));
});

test("no member of an answer becomes the prototype of what is given to the page", async (t) => {
  const body = `{"__proto__":{"isAdmin":true},"within":{"__proto__":{"isAdmin":true}},${JSON.stringify(reply(1)).slice(1)}`;
  for (const source of [() => new Response(body), () => JSON.parse(body)]) {
    const tokens = createTokenManager(source);
    t.after(() => tokens.close());
    const { reply: rest } = await tokens.getToken();
    for (const object of [rest, rest.within]) {
      assert.equal(Object.getPrototypeOf(object), Object.prototype);
      assert.equal(object.isAdmin, undefined);
    }
  }
});

test("getToken gives up when its signal fires, and nobody else does", async (t) => {
  const { promise: gate, resolve: open } = withResolvers();
  const tokens = manage(t, { source: () => gate });
  const controller = new AbortController();
  const mine = tokens.getToken({ signal: controller.signal });
  const other = tokens.getToken({ signal: new AbortController().signal });
  await until(() => tokens.status().waiting === 2);
  const reason = new Error("the user left");
  controller.abort(reason);
  await assert.rejects(mine, (error) => {
    assert(error instanceof UploadTokenError);
    assert.equal(error.code, "aborted");
    assert.equal(error.cause, reason);
    return true;
  });
  assert.equal(tokens.status().waiting, 1);
  open(reply(1));
  assert.equal((await other).accessKeyId, "STS.Key1");
});

test("a signal is heard at once, and not listened to afterwards", async (t) => {
  const source = counting();
  const tokens = manage(t, { source });
  await assert.rejects(tokens.getToken({ signal: AbortSignal.abort("early") }), { code: "aborted", cause: "early" });
  const controller = new AbortController();
  const waiting = tokens.getToken({ signal: controller.signal });
  controller.abort();
  await assert.rejects(waiting, { code: "aborted" });
  assert.equal(source.requests.length, 0, "nobody was left to ask for");

  const kept = new AbortController();
  await tokens.getToken({ signal: kept.signal });
  await tokens.getToken({ signal: kept.signal });
  assert.equal(getEventListeners(kept.signal, "abort").length, 0);
  kept.abort();
});

test("scopes are apart", async (t) => {
  const source = counting();
  const tokens = manage(t, { source });
  const [a, b] = await Promise.all([tokens.getToken({ scope: "a" }), tokens.getToken({ scope: "b" })]);
  assert.notEqual(a.accessKeyId, b.accessKeyId);
  assert.equal(tokens.peek(), undefined);
  assert.equal(tokens.peek("a"), a);
  assert.deepEqual(source.requests.map(({ scope }) => scope).sort(), ["a", "b"]);
  assert.equal(tokens.status("b").accessKeyId, b.accessKeyId);
});

test("scopes that a listener asks for are served, however many there are", async (t) => {
  const tokens = manage(t, { source: counting() });
  for (let n = 0; n < 64; n++) await tokens.getToken({ scope: `user ${n}` });
  const asked = new Promise((resolve) => {
    const end = tokens.on("token", () => {
      end();
      resolve([tokens.getToken({ scope: "a" }), tokens.getToken({ scope: "b" })]);
    });
  });
  await tokens.getToken({ scope: "another" });
  const served = await Promise.all(await asked);
  assert.deepEqual(
    served.map(({ accessKeyId }) => accessKeyId),
    ["STS.Key66", "STS.Key67"],
  );
});

test("minValidity beyond what the source ever gives is an error, not a loop", async (t) => {
  const source = counting(10_000);
  const tokens = manage(t, { source });
  await assert.rejects(tokens.getToken({ minValidity: 60_000 }), {
    code: "invalid_option",
    message: /^minValidity is longer .* ask for less than \d+ ms/,
  });
  assert(source.requests.length <= 2, `${source.requests.length} requests`);
  assert.equal((await tokens.getToken({ minValidity: 5_000 })).accessKeyId, tokens.status().accessKeyId);
});

test("prefetch asks ahead, once", async (t) => {
  const source = counting();
  const tokens = manage(t, { source });
  const token = next(tokens, "token");
  tokens.prefetch();
  tokens.prefetch();
  await token;
  tokens.prefetch();
  assert.equal(tokens.peek().accessKeyId, "STS.Key1");
  assert.deepEqual(
    source.requests.map(({ reason }) => reason),
    ["prefetch"],
  );
});

test("invalidate acts on the token in hand only, and tells its reason", async (t) => {
  const source = counting();
  const tokens = manage(t, { source });
  const first = await tokens.getToken();
  const told = next(tokens, "rejected");
  tokens.invalidate(first, "SecurityTokenExpired");
  assert.equal(tokens.peek(), undefined);
  assert.equal((await told).reason, "SecurityTokenExpired");
  const second = await tokens.getToken();
  assert.equal(second.accessKeyId, "STS.Key2");
  for (let late = 0; late < 20; late++) tokens.invalidate(first);
  tokens.invalidate("STS.Unknown");
  assert.equal(await tokens.getToken(), second);
  tokens.invalidate(second.accessKeyId);
  assert.equal((await tokens.getToken()).accessKeyId, "STS.Key3");
  assert.deepEqual(
    source.requests.map(({ reason }) => reason),
    ["initial", "rejected", "rejected"],
  );
});

test("a reason given inside a listener is told with its own token", async (t) => {
  const tokens = manage(t, { source: counting() });
  const [a, b] = [await tokens.getToken({ scope: "a" }), await tokens.getToken({ scope: "b" })];
  const reasons = [];
  tokens.on("rejected", ({ scope, reason }) => {
    reasons.push([scope, reason]);
    if (scope === "a") tokens.invalidate(b, "second");
  });
  tokens.invalidate(a, "first");
  tokens.invalidate("STS.Unknown", "nobody's");
  const c = await tokens.getToken({ scope: "a" });
  tokens.invalidate(c);
  assert.deepEqual(reasons.slice(0, 2), [
    ["a", "first"],
    ["b", "second"],
  ]);
  assert.deepEqual(reasons[2], ["a", undefined]);
});

test("status follows the life of a token, without its secrets", async (t) => {
  const { promise: gate, resolve: open } = withResolvers();
  const tokens = manage(t, { source: () => gate });
  const empty = { state: "empty", fetch: "idle", generation: 0, validFor: 0, waiting: 0, requests: 0, failures: 0 };
  assert.deepEqual(tokens.status(), empty);
  const waiting = tokens.getToken();
  await until(() => tokens.status().requests === 1);
  assert.deepEqual({ ...tokens.status() }, { ...empty, fetch: "inFlight", waiting: 1, requests: 1 });
  open(reply(1, 3_600_000));
  await waiting;
  const status = tokens.status();
  assert.equal(status.state, "valid");
  assert.equal(status.accessKeyId, "STS.Key1");
  assert.equal(status.generation, 1);
  assert(status.validFor > 3_000_000 && status.validFor < 3_600_000);
  assert(status.refreshIn > 0 && status.refreshIn < status.validFor);
  assert(status.margin > 0 && status.mandatory > status.margin && status.life > status.validFor);
  tokens.close();
  assert.deepEqual(tokens.status(), { ...empty, state: "closed" });
});

test("a failure has its code in getToken, in the event and in the status", async (t) => {
  const tokens = manage(t, { source: () => Promise.reject(Object.assign(new Error("signed out"), { status: 401 })) });
  const told = next(tokens, "refreshFailed");
  await assert.rejects(tokens.getToken(), (error) => {
    assert(isUploadTokenError(error));
    assert.equal(error.code, "unauthenticated");
    assert.equal(error.status, 401);
    assert.equal(error.name, "UploadTokenError");
    assert.match(error.stack, /^UploadTokenError: /);
    return true;
  });
  const event = await told;
  assert(event.error instanceof UploadTokenError && Object.isFrozen(event));
  assert.deepEqual([event.error.code, event.failures, event.usable, event.scope], ["unauthenticated", 1, false, ""]);
  assert(tokens.status().lastError instanceof UploadTokenError);
  assert.equal(tokens.status().fetch, "parked");
});

test("listeners may end themselves and each other while they are called", async (t) => {
  const tokens = manage(t, { source: counting() });
  const heard = [];
  const ends = [];
  ends.push(
    tokens.on("token", () => {
      heard.push("a");
      ends[0]();
      ends[1]();
    }),
  );
  ends.push(tokens.on("token", () => heard.push("b")));
  tokens.on("token", () => heard.push("c"));
  tokens.on("token", () => tokens.on("token", () => heard.push("d")));
  tokens.invalidate(await tokens.getToken());
  assert.deepEqual(heard, ["a", "b", "c"], "the list as it was when the event came");
  await tokens.getToken();
  assert.deepEqual(heard, ["a", "b", "c", "c", "d"]);
});

test("what a listener throws is reported, and silences nobody", async (t) => {
  const reported = [];
  globalThis.reportError = (error) => reported.push(error);
  t.after(() => delete globalThis.reportError);
  const tokens = manage(t, { source: counting() });
  const boom = new Error("listener");
  tokens.on("token", () => {
    throw boom;
  });
  const told = next(tokens, "token");
  await tokens.getToken();
  await told;
  assert.deepEqual(reported, [boom]);
});

test("close rejects who waits and aborts the request; the rest is quiet", async () => {
  const hanging = [];
  const tokens = createTokenManager({ source: (request) => (hanging.push(request), never()) });
  const waiting = [tokens.getToken(), tokens.getToken({ scope: "a" })];
  await until(() => hanging.length === 2);
  tokens.close();
  tokens.close();
  for (const promise of waiting) await assert.rejects(promise, { code: "closed" });
  assert(hanging.length === 2 && hanging.every(({ signal }) => signal.aborted));
  await assert.rejects(tokens.getToken(), { code: "closed" });
  assert.equal(tokens.peek(), undefined);
  tokens.prefetch();
  tokens.invalidate("STS.Key1");
  tokens.on("token", assert.fail)();
  await sleep(5);
  assert.equal(hanging.length, 2);
});

test("close at any moment leaves nothing behind", async () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const before = timers();
  const sources = [];
  // Each await below is a moment: before the source was asked, when it was, when it answered. Of those before the module
  // is there is loading.test.mjs.
  for (let moment = 0; moment < 12; moment++) {
    const source = counting();
    sources.push(source);
    const tokens = createTokenManager({ source });
    const waiting = tokens.getToken().then(
      () => "served",
      (error) => error.code,
    );
    tokens.prefetch("other");
    for (let wait = 0; wait < moment; wait++) await null;
    tokens.prefetch();
    tokens.close();
    assert.match(await waiting, /^(served|closed)$/, `moment ${moment}`);
  }
  assert.equal(timers(), before);
  const asked = sources.map(({ requests }) => requests.length);
  await sleep(20);
  assert.deepEqual(
    sources.map(({ requests }) => requests.length),
    asked,
  );
});

test("close from inside a listener", async () => {
  const tokens = createTokenManager({ source: counting() });
  tokens.on("token", () => tokens.close());
  assert.equal((await tokens.getToken()).accessKeyId, "STS.Key1", "it was settled by what the listener heard");
  await assert.rejects(tokens.getToken(), { code: "closed" });
});

test("Symbol.dispose is close", async () => {
  const tokens = createTokenManager({ source: counting() });
  tokens[Symbol.dispose]();
  await assert.rejects(tokens.getToken(), { code: "closed" });
});

test("a manager shows nothing of itself", async (t) => {
  const tokens = manage(t, { source: counting() });
  await tokens.getToken();
  assert.equal(JSON.stringify(tokens), "{}");
  assert.deepEqual(Object.entries(tokens), []);
  for (const key of Reflect.ownKeys(tokens)) assert.equal(typeof tokens[key], "function", String(key));
});

test("isUploadTokenError knows errors of another copy, and nothing else", () => {
  assert(isUploadTokenError({ name: "UploadTokenError", code: "closed" }));
  for (const other of [null, undefined, "UploadTokenError", new Error("UploadTokenError"), new TypeError(), {}]) {
    assert(!isUploadTokenError(other));
  }
});

function withResolvers() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}
