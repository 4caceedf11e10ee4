// What components share by a name, without a browser: Vue's scopes, and a page that is only said to be there.
import assert from "node:assert/strict";
import { test } from "node:test";
import { effectScope, ref } from "vue";

import { never, reply } from "./support.mjs";

globalThis.window = globalThis;
const { useTokenManager } = await import("upload-token/vue");

/** A component that uses `options`; unmounted with the test, or by `unmount()`, after which all of its end is over. */
function component(t, options) {
  const scope = effectScope();
  t.after(() => scope.stop());
  const used = scope.run(() => useTokenManager(options));
  const unmount = async () => {
    scope.stop();
    await null;
  };
  return { ...used, unmount };
}

let names = 0;
/** A name that no other test uses; what is kept by it is closed with the test. */
function nameIn(t) {
  const keepAlive = `uploads ${++names}`;
  t.after(() => component(t, { source: never, keepAlive }).close());
  return keepAlive;
}

/** A source whose tokens say of whom they are. */
function sourceOf(name) {
  let asked = 0;
  return () => ({ ...reply(1), AccessKeyId: `STS.${name}${++asked}` });
}

/** The id of the token that a new request brings. */
async function fresh(tokens) {
  tokens.reset();
  return (await tokens.getToken()).accessKeyId;
}

test("each component that shares a manager shows the status of its own scope", async (t) => {
  const source = ({ scope }) => ({ ...reply(1), AccessKeyId: `STS.${scope}` });
  const [a, b] = ["a", "b"].map((scope) => component(t, { source, keepAlive: "uploads", scope }));
  t.after(() => a.close());
  assert.equal(a.tokens, b.tokens);
  await Promise.all(["a", "b"].map((scope) => a.tokens.getToken({ scope })));
  assert.deepEqual([a.status.value.accessKeyId, b.status.value.accessKeyId], ["STS.a", "STS.b"]);
});

test("a kept manager asks the component that was mounted last, of those that are there", async (t) => {
  const keepAlive = nameIn(t);
  const a = component(t, { source: sourceOf("a"), keepAlive });
  const { tokens } = a;
  assert.equal(await fresh(tokens), "STS.a1");
  const b = component(t, { source: sourceOf("b"), keepAlive });
  assert.equal(b.tokens, tokens);
  assert.equal(await fresh(tokens), "STS.b1");
  await b.unmount();
  assert.equal(await fresh(tokens), "STS.a2");
  await a.unmount();
  assert.equal(await fresh(tokens), "STS.a3", "what was there last, while there is none");
  component(t, { source: sourceOf("c"), keepAlive });
  assert.equal(await fresh(tokens), "STS.c1");
});

test("so it is with the request's headers and with what is made of a reply, also where the first had no headers", async (t) => {
  const keepAlive = nameIn(t);
  const { fetch } = globalThis;
  t.after(() => (globalThis.fetch = fetch));
  const sent = [];
  globalThis.fetch = async (_, { headers }) => {
    sent.push(new Headers(headers).get("x-csrf-token"));
    return Response.json(reply(sent.length));
  };
  const naming = (name) => (body) => ({ ...body, AccessKeyId: `STS.${name}` });
  const common = { source: "https://app.test/api/sts", keepAlive };
  const { tokens, unmount } = component(t, { ...common, mapReply: naming("a") });
  assert.equal(await fresh(tokens), "STS.a");
  await unmount();
  const request = () => ({ headers: { "x-csrf-token": "b" } });
  const b = component(t, { ...common, request, mapReply: naming("b") });
  assert.equal(await fresh(tokens), "STS.b");
  await b.unmount();
  component(t, { ...common, request: { headers: { "x-csrf-token": "c" } }, mapReply: naming("c") });
  assert.equal(await fresh(tokens), "STS.c");
  assert.deepEqual(sent, [null, "b", "c"]);
});

for (const end of ["close", Symbol.dispose]) {
  test(`a kept manager that its own ${String(end)}() ended is made anew for the next component`, async (t) => {
    const keepAlive = nameIn(t);
    const a = component(t, { source: sourceOf("a"), keepAlive });
    await a.tokens.getToken();
    a.tokens[end]();
    assert.equal(a.status.value.state, "closed");
    await assert.rejects(a.tokens.getToken(), { code: "closed" });
    const b = component(t, { source: sourceOf("b"), keepAlive });
    assert.equal((await b.tokens.getToken()).accessKeyId, "STS.b1");
    await a.unmount();
    assert.equal((await b.tokens.getToken()).accessKeyId, "STS.b1", "the former one's end is not the next one's");
  });
}

test("what was closed while it was kept is kept no longer, and the next of that name is", async (t) => {
  const keepAlive = nameIn(t);
  const a = component(t, { source: sourceOf("a"), keepAlive });
  await a.unmount();
  a.tokens.close();
  const b = component(t, { source: sourceOf("b"), keepAlive });
  await b.unmount();
  assert.equal(component(t, { source: sourceOf("c"), keepAlive }).tokens, b.tokens);
});

/** A source that knows whose it is, as that of `upload-token/tabs` does. */
function attached(answer = sourceOf("a")) {
  const source = (request) => {
    assert.equal(source.owners.size, 1, "whoever asks is known");
    return answer(request);
  };
  return Object.assign(source, {
    owners: new Set(),
    [Symbol.for("upload-token.attach")](tokens) {
      source.owners.add(tokens);
      return () => source.owners.delete(tokens);
    },
  });
}

test("a source that is made for each component knows whose it is, and the former one is let go", async (t) => {
  const keepAlive = nameIn(t);
  const sources = [];
  const next = (answer) => {
    const source = attached(answer);
    sources.push(source);
    return component(t, { source, keepAlive });
  };
  const owners = () => sources.map((source) => source.owners.size);
  const { tokens } = next();
  await fresh(tokens);
  next();
  assert.deepEqual(owners(), [1, 0], "one that nobody asked needs to know nothing");
  await fresh(tokens);
  assert.deepEqual(owners(), [0, 1]);
  next(() => ({ status: 503 }));
  next(() => Promise.reject(new TypeError("Failed to fetch")));
  tokens.prefetch("other");
  await new Promise((done) => tokens.on("refreshFailed", done));
  assert.deepEqual(owners(), [0, 1, 0, 1], "the one that answered has the token in hand until another one answers");
  const last = next();
  await fresh(last.tokens);
  assert.deepEqual(owners(), [0, 0, 0, 0, 1]);
  assert.deepEqual([...sources.at(-1).owners], [tokens]);
  tokens.close();
  assert.deepEqual(owners(), [0, 0, 0, 0, 0]);
});

test("no name keeps nothing, and what is no name is refused", async (t) => {
  const source = sourceOf("a");
  for (const keepAlive of [undefined, null, false, ""]) {
    const [one, other] = [1, 2].map(() => component(t, { source, keepAlive }));
    assert.notEqual(one.tokens, other.tokens);
    await one.unmount();
    assert.equal(one.tokens.status().state, "closed");
    assert.equal(other.tokens.status().state, "empty");
  }
  for (const keepAlive of [true, 0, 1, {}, Symbol("uploads")]) {
    const message = /^keepAlive must be a text/;
    assert.throws(() => component(t, { source, keepAlive }), { code: "invalid_option", message });
  }
});

test("options that are none are refused by name", (t) => {
  for (const options of [undefined, null, "/api/sts", new URL("https://app.test/api/sts"), () => ({}), ref({})]) {
    assert.throws(() => component(t, options), { code: "invalid_option", message: /^options must be an object/ });
  }
});
