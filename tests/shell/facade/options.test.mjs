// Misuse is told at the call, and by the name of what is wrong.
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";

import { createTokenManager, isUploadTokenError, UploadTokenError } from "upload-token";
import { cosAuthorization, s3Credentials, uppyCredentials } from "upload-token/providers";
import { sharedSource } from "upload-token/tabs";

import { never } from "./support.mjs";

const source = never;

const BAD = [
  // options, what the message begins with
  [{}, "source must be an address or a function"],
  [{ source: "" }, "source must be an address or a function"],
  [{ source: 7 }, "source must be an address or a function"],
  [{ source: null }, "source must be an address or a function"],
  [{ source: "http://app.example/sts" }, "source must be an https address"],
  [{ source: new URL("ftp://app.example/sts") }, "source must be an https address"],
  [{ source: "javascript:alert(1)" }, "source must be an https address"],
  [{ source: "https://user:pass@app.example/sts" }, "source must not hold a user name or password"],
  [{ source, request: {} }, "request is for a source that is an address"],
  [{ source: "https://app.example/", request: null }, "request must be an object"],
  [{ source: "https://app.example/", request: "POST" }, "request must be an object"],
  [{ source, mapReply: {} }, "mapReply must be a function"],
  [{ source, deadline: 0 }, "deadline must be a whole number from 50 to 120000"],
  [{ source, deadline: 1e9 }, "deadline must be a whole number"],
  [{ source, deadline: "10" }, "deadline must be a whole number"],
  [{ source, deadline: NaN }, "deadline must be a whole number"],
  [{ source, policy: null }, "policy must be an object"],
  [{ source, policy: 7 }, "policy must be an object"],
  [{ source, policy: { margins: 1 } }, "policy.margins is not an option; did you mean margin?"],
  [{ source, policy: { toString: 1 } }, "policy.toString is not an option"],
  [{ source, policy: { margin: -1 } }, "policy.margin must be a whole number from 0 to 300000"],
  [{ source, policy: { margin: 0.5 } }, "policy.margin must be a whole number"],
  [{ source, policy: { margin: "5" } }, "policy.margin must be a whole number"],
  [{ source, policy: { margin: Infinity } }, "policy.margin must be a whole number"],
  [{ source, deadline: 10 }, "deadline must be a whole number from 50 to 120000; 10 looks like seconds"],
  [{ source, policy: { waitDeadline: 30 } }, "policy.waitDeadline must be a whole number from 50 to 600000; 30 looks"],
  [{ source, Source: "/api/sts" }, "Source is not an option; did you mean source?"],
  [{ source, maprply: "/api/sts" }, "maprply is not an option; did you mean mapReply?"],
  [{ source, quux: 1 }, "quux is not an option; there are source, request, "],
  [{ source, constructor: 1 }, "constructor is not an option; there are source, "],
  [{ source, endpoint: "/api/sts" }, "endpoint is not an option; the address is source"],
  [{ source, headers: {} }, "headers is not an option; it belongs into request: request: { headers }"],
  [
    { source, method: "GET" },
    "method is not an option; the endpoint is asked by POST; for another method source is a ",
  ],
  [
    { source: "https://app.example/", request: { header: {} } },
    "request.header is not an option; did you mean headers?",
  ],
  [{ source: "https://app.example/", request: { method: "GET" } }, "request.method is not an option; the endpoint is"],
  [undefined, "options must be an object: createTokenManager({ source: "],
  [null, "options must be an object"],
  [7, "options must be an object"],
  ["", "source must be an address or a function"],
  ["http://app.example/sts", "source must be an https address"],
];

for (const [options, message] of BAD) {
  test(`createTokenManager: ${message}`, () => {
    assert.throws(
      () => createTokenManager(options),
      (error) => {
        assert(error instanceof UploadTokenError && isUploadTokenError(error));
        assert.equal(error.code, "invalid_option");
        assert(error.message.startsWith(message), error.message);
        return true;
      },
    );
  });
}

test("a body that fetch would make a text of is refused, as an option and of a function", async (t) => {
  t.mock.method(globalThis, "fetch", () => assert.fail("nothing is sent"));
  const address = "https://app.example/";
  const bytes = new Blob(["x"]);
  const bad = [{ a: 1 }, [1], 7, true, Symbol("x"), bytes.stream(), Readable.from(["x"])];
  for (const body of bad) {
    const message = /^request\.body must be a text/;
    assert.throws(() => createTokenManager({ source: address, request: { body } }), {
      code: "invalid_option",
      message,
    });
    assert.throws(() => sharedSource(address, { name: "a", request: { body } }), { code: "invalid_option", message });
    const tokens = createTokenManager({ source: address, request: () => ({ body }) });
    const { code, cause } = await tokens.getToken().catch((error) => error);
    assert.equal(code, "request");
    assert.match(cause.message, message);
    tokens.close();
  }
  assert.throws(() => createTokenManager({ source: address, request: { body: bytes.stream() } }), /sent again/);
  assert.throws(() => createTokenManager({ source: address, request: { body: {} } }), /JSON\.stringify/);
  for (const body of ["", null, new URLSearchParams(), new FormData(), bytes, new File([], "a"), new ArrayBuffer(1)]) {
    createTokenManager({ source: address, request: { body } }).close();
  }
  createTokenManager({ source: address, request: { body: new DataView(new ArrayBuffer(1)) } }).close();
});

test("a scope that is misspelt is refused: another one's token would be signed with", () => {
  const tokens = createTokenManager({ source });
  const refused = { code: "invalid_option", message: /^scop is not an option; did you mean scope\?/ };
  assert.throws(() => s3Credentials(tokens, { scop: "a" }), refused);
  assert.throws(() => cosAuthorization(tokens, { scop: "a" }), refused);
  assert.throws(() => uppyCredentials(tokens, { region: "oss-cn-shanghai", scop: "a" }), refused);
  uppyCredentials(tokens, { region: "oss-cn-shanghai", bucket: "films", scope: "a" });
  tokens.close();
});

test("what is good is taken, without asking anybody", () => {
  for (const options of [
    { source: "https://app.example/sts?v=1" },
    "https://app.example/sts",
    new URL("https://app.example/sts"),
    source,
    { source: new URL("https://app.example/sts") },
    { source: "http://localhost:8080/sts" },
    { source: "http://127.0.0.1/sts" },
    { source: "http://[::1]/sts" },
    { source: "https://app.example/", request: { headers: { a: "b" } } },
    { source: "https://app.example/", request: async () => ({}) },
    { source, mapReply: (reply) => reply, deadline: 50, policy: { margin: 0, jitter: undefined } },
    { source, wasm: async () => new Uint8Array() },
  ]) {
    const tokens = createTokenManager(options);
    assert.equal(tokens.status().requests, 0);
    tokens.close();
  }
});

test("an address within a site: where there is no page, as on a server that renders one, it is refused when used", async () => {
  const message = /^source must be an absolute address here, or a function/;
  for (const source of ["/api/sts", sharedSource("/api/sts", { name: "a" })]) {
    const tokens = createTokenManager({ source });
    assert.equal(tokens.status().state, "empty");
    const told = await tokens.getToken().catch((error) => error.cause ?? error);
    assert.equal(told.code, "invalid_option");
    assert.match(told.message, message);
    tokens.prefetch();
    tokens.close();
  }
});

test("an address is read against the page's own", (t) => {
  globalThis.location = new URL("http://app.example/upload/page.html");
  t.after(() => delete globalThis.location);
  createTokenManager({ source: "/api/sts" });
  createTokenManager({ source: "sts" });
  assert.throws(() => createTokenManager({ source: "http://other.example/sts" }), { code: "invalid_option" });
  assert.throws(() => createTokenManager({ source: "http://" }), {
    code: "invalid_option",
    message: /source is no address/,
  });
});

test("an address is read against the document's base, as fetch does, and not against what the page is called", (t) => {
  t.after(() => ["location", "document", "origin"].forEach((name) => delete globalThis[name]));
  // What a script wrote into a frame has the base and the origin of its maker, and no address of its own.
  for (const href of ["about:srcdoc", "about:blank"]) {
    Object.assign(globalThis, { location: new URL(href), document: { baseURI: "http://app.example/a/" } });
    Object.assign(globalThis, { origin: "http://app.example" });
    for (const source of ["/api/sts", "sts", sharedSource("sts", { name: "a" })]) createTokenManager({ source });
    assert.throws(() => createTokenManager({ source: "http://other.example/sts" }), { code: "invalid_option" });
  }
  // A base that leads elsewhere makes no other site one's own.
  Object.assign(globalThis, {
    location: new URL("http://app.example/"),
    document: { baseURI: "http://other.example/" },
  });
  assert.throws(() => createTokenManager({ source: "/api/sts" }), /must not travel in the clear/);
});

test("headers that can be read once are refused: the check itself would have read them", () => {
  const pairs = function* () {
    yield ["x-a", "b"];
  };
  const headers = new Map([["x-a", "b"]]);
  for (const once of [pairs(), headers.entries(), [["x-a", "b"]].values()]) {
    assert.throws(() => createTokenManager({ source: "https://app.example/sts", request: { headers: once } }), {
      code: "invalid_option",
      message: /^request\.headers can be read only once: give an object, an array or Headers — /,
    });
  }
  for (const often of [headers, [...headers], new Headers(headers), { [Symbol.iterator]: pairs }]) {
    createTokenManager({ source: "https://app.example/sts", request: { headers: often } });
  }
});

test("arguments are checked at the call", async (t) => {
  const tokens = createTokenManager({ source });
  t.after(() => tokens.close());
  for (const [options, name] of [
    [{ minValidity: -1 }, "minValidity"],
    [{ minValidity: NaN }, "minValidity"],
    [{ minValidity: Infinity }, "minValidity"],
    [{ minValidity: "9" }, "minValidity"],
    [{ signal: {} }, "signal"],
    [{ signal: null }, "signal"],
    [{ scope: 7 }, "scope"],
    ["file:1", 'scope is given in an object: getToken({ scope: "file:1" })'],
    [{ scop: "file:1" }, "scop is not an option; did you mean scope?"],
    [null, "options must be an object"],
  ]) {
    await assert.rejects(tokens.getToken(options), (error) => {
      assert.equal(error.code, "invalid_option");
      assert(error.message.startsWith(name), error.message);
      return true;
    });
  }
  for (const call of [
    () => tokens.peek(7),
    () => tokens.prefetch(null),
    () => tokens.status({}),
    () => tokens.invalidate(),
    () => tokens.invalidate(""),
    () => tokens.invalidate({ accessKeyId: 7 }),
    () => tokens.invalidate("STS.a", 403),
    () => tokens.invalidate("STS.a", ["InvalidSecurityToken"]),
    () => tokens.invalidate("STS.a", new Error("refused")),
    () => tokens.invalidate("STS.a", Symbol("refused")),
    () => tokens.on("tokens", () => {}),
    () => tokens.on("toString", () => {}),
    () => tokens.on("token"),
    () => tokens.on(),
  ]) {
    assert.throws(call, { code: "invalid_option" }, String(call));
  }
  assert.throws(() => tokens.invalidate("STS.a", 403), /reason must be a text/);
  tokens.invalidate("STS.a", undefined);
  tokens.invalidate("STS.a", null);
  assert.equal(tokens.status().requests, 0, "none of it asked for a token");
});

test("what cannot be a reason ends neither this manager nor another", async () => {
  const reply = { AccessKeyId: "STS.a", AccessKeySecret: "b", SecurityToken: "c", expiresIn: 3600 };
  const [one, other] = [createTokenManager(() => reply), createTokenManager(() => reply)];
  const token = await one.getToken();
  for (const reason of [403, ["InvalidSecurityToken"], {}]) {
    assert.throws(() => one.invalidate(token, reason), { code: "invalid_option" });
    assert.equal(one.peek(), token);
    assert.equal((await other.getToken()).accessKeyId, "STS.a");
  }
  one.close();
  other.close();
});

test("an event that is not known is told with the one that was meant", () => {
  const tokens = createTokenManager({ source });
  assert.throws(() => tokens.on("refreshfail", () => {}), /did you mean refreshFailed\?/);
  tokens.close();
});
