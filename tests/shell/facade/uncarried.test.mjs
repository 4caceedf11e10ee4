// What a source function returns that JSON makes `{}` of: its mistake, and not the AppServer's.
import assert from "node:assert/strict";
import { test } from "node:test";

import { createTokenManager } from "upload-token";

import { next, reply } from "./support.mjs";

const text = JSON.stringify(reply(1));
const bytes = () => new TextEncoder().encode(text);

class Credentials {
  #token = reply(1);
  get AccessKeyId() {
    return this.#token.AccessKeyId;
  }
}

function* generator() {
  yield reply(1);
}

const locked = () => {
  const response = Response.json(reply(1));
  response.body.getReader();
  return response;
};

/** What is returned → what the error says of it. */
const UNCARRIED = {
  "a Promise, for want of an await": [() => ({ data: Response.json(reply(1)).json() }), /promise in it; await that/],
  "a thenable": [() => ({ data: { then() {} } }), /promise in it; await that/],
  "a Response within": [() => ({ data: Response.json(reply(1)) }), /return await response\.json\(\) alone/],
  "a list with a Response": [() => [Response.json(reply(1))], /return await response\.json\(\) alone/],
  "a Map": [() => new Map(Object.entries(reply(1))), /Object\.fromEntries/],
  "a Map within": [() => ({ data: new Map(Object.entries(reply(1))) }), /Object\.fromEntries/],
  Headers: [() => new Headers({ AccessKeyId: "STS.a" }), /Object\.fromEntries/],
  FormData: [() => new FormData(), /Object\.fromEntries/],
  "a Set": [() => new Set([reply(1)]), /return the credentials in it/],
  "a generator": [generator, /return the credentials in it/],
  "a Blob": [() => new Blob([text]), /await blob\.text\(\)/],
  "a stream": [() => new Blob([text]).stream(), /new Response\(stream\)/],
  "an ArrayBuffer": [() => bytes().buffer, /TextDecoder/],
  "bytes within": [() => ({ data: bytes() }), /TextDecoder/],
  "a Buffer": [() => Buffer.from(text), /TextDecoder/],
  "an object of a class": [() => new Credentials(), /return them as plain data/],
  "an object of a class within": [() => ({ code: 0, data: new Credentials() }), /return them as plain data/],
  "a Response that somebody else reads": [locked, /Response that it returned had been read/],
};

for (const [what, [source, says]] of Object.entries(UNCARRIED)) {
  test(`a source function that returns what JSON cannot carry is told of it: ${what}`, async (t) => {
    const tokens = createTokenManager({ source, policy: { waitDeadline: 10_000 } });
    t.after(() => tokens.close());
    await assert.rejects(tokens.getToken(), { code: "source", message: says });
  });
}

test("what mapReply returns is its own mistake", async (t) => {
  const tokens = createTokenManager({ source: () => reply(1), mapReply: (body) => new Map(Object.entries(body)) });
  t.after(() => tokens.close());
  await assert.rejects(tokens.getToken(), { code: "map_reply", message: /Object\.fromEntries/ });
});

test("a function that has worked makes no mistake where the answer beside its Response has no data", async (t) => {
  const bodies = [reply(1), {}, reply(2)];
  const source = () => ({ response: undefined, answer: new Response("{}"), data: bodies.shift() });
  const tokens = createTokenManager({ source });
  t.after(() => tokens.close());
  tokens.invalidate(await tokens.getToken());
  const failed = next(tokens, "refreshFailed");
  assert.equal((await tokens.getToken()).accessKeyId, "STS.Key2");
  assert.equal((await failed).error.code, "invalid_response");
});

test("beside a credential such a thing is no matter", async (t) => {
  const tokens = createTokenManager(() => ({ data: reply(1), headers: new Headers(), later: Promise.resolve() }));
  t.after(() => tokens.close());
  assert.equal((await tokens.getToken()).accessKeyId, "STS.Key1");
});
