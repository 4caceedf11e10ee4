// AppServers of Flask, FastAPI and Django, as their samples are written; and the CSRF protection of frameworks.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import { install } from "./install.mjs";
import { failureOf, withManager } from "./manager.mjs";
import { startPython } from "./programs/python.mjs";

before(install);

/** A server for the tests of a block. */
function serve(name, zone) {
  const server = {};
  before(async () => Object.assign(server, await startPython(name, zone)));
  after(() => server.close?.());
  return server;
}

const HOUR = 3_600_000;

for (const zone of ["Asia/Shanghai", "America/New_York", "Asia/Kolkata", "UTC"]) {
  describe(`Flask, its clock in ${zone}`, () => {
    const server = serve("flask", zone);

    test("local time with a literal Z is not believed where it cannot be", async () => {
      await withManager({ source: `${server.url}/sts` }, async (tokens, warnings) => {
        await tokens.getToken();
        assert(tokens.status().validFor <= HOUR, `${tokens.status().validFor} ms`);
        if (zone === "UTC") assert.deepEqual(warnings, []);
        else assert(warnings.length > 0, "a warning");
      });
    });
  });
}

describe("Flask", () => {
  const server = serve("flask");

  test("a token that it keeps for its user is served on", async () => {
    await withManager({ source: `${server.url}/cached`, policy: { assumedLife: 1000 } }, async (tokens) => {
      const first = await tokens.getToken();
      await delay(1300);
      assert.equal((await tokens.getToken()).accessKeyId, first.accessKeyId);
    });
  });

  test("an endpoint that answers GET only", async () => {
    const error = await failureOf(`${server.url}/get-only`);
    assert.deepEqual([error.code, error.status], ["http", 405]);
    assert.match(error.message, /source: \(\{ signal \}\) => fetch\(/);
  });

  for (const [path, what] of [
    ["abort", "and not a word more"],
    ["bad-request", "and a page of HTML"],
  ])
    test(`400 ${what} is tried again, and ends`, async () => {
      const error = await failureOf(`${server.url}/${path}`);
      assert.deepEqual([error.code, error.status], ["http", 400]);
      assert.doesNotMatch(error.message, /CSRF/);
    });

  test("an endpoint that wants a body of JSON: 415, and what it must take", async () => {
    const error = await failureOf(`${server.url}/json`);
    assert.deepEqual([error.code, error.status], ["http", 415]);
    assert.match(error.message, /application\/json/);
  });
});

describe("FastAPI", () => {
  const server = serve("fastapi");

  test("401 asks for a sign-in, and a header is one", async () => {
    const source = `${server.url}/sts`;
    const error = await failureOf(source);
    assert.deepEqual([error.code, error.status, error.serverMessage], ["unauthenticated", 401, "Not authenticated"]);
    const request = { headers: { authorization: "Bearer a" } };
    await withManager({ source, request }, async (tokens) => {
      assert.match((await tokens.getToken()).accessKeyId, /^STS\./);
      assert(tokens.status().validFor <= HOUR);
    });
  });

  test("403 with a code of RAM's is not a matter of signing in", async () => {
    const error = await failureOf(`${server.url}/role`);
    assert.deepEqual([error.status, error.serverCode], [403, "NoPermission"]);
    assert.notEqual(error.code, "unauthenticated");
  });

  test("an endpoint that answers GET only", async () => {
    const error = await failureOf(`${server.url}/get-only`);
    assert.deepEqual([error.code, error.status], ["http", 405]);
  });

  test("an endpoint that wants a body says so by 422, which is told with what it said", async () => {
    const error = await failureOf(`${server.url}/body`);
    assert.deepEqual([error.code, error.status], ["http", 422]);
    assert.match(error.message, /POST .*\/body answered 422/);
  });
});

describe("CSRF protection", () => {
  const flask = serve("flask");
  const django = serve("django");

  for (const [name, server, status, header] of [
    ["Flask-WTF", flask, 400, "x-csrftoken"],
    ["Django", django, 403, "x-csrftoken"],
  ]) {
    test(`${name}: the error names request.headers, by which the token is then sent`, async () => {
      const source = `${server.url}/protected`;
      const error = await failureOf(source);
      assert.equal(error.status, status);
      assert.notEqual(error.code, "unauthenticated");
      assert.match(error.message, /CSRF.*request\.headers/);
      const answer = await fetch(`${server.url}/csrf-token`);
      const token = (await answer.text()).replaceAll('"', "");
      const cookie = answer.headers.getSetCookie()[0].split(";")[0];
      // A browser sends the cookie by itself.
      const request = () => ({ headers: { [header]: token, cookie } });
      await withManager({ source, request }, async (tokens) =>
        assert.match((await tokens.getToken()).accessKeyId, /^STS\./),
      );
    });
  }

  test("Laravel answers 419, Spring 403 without a word of CSRF, csurf and koa-csrf 403", async () => {
    const answers = [
      [419, "application/json", '{"message":"CSRF token mismatch."}'],
      [419, "text/html", "<title>Page Expired</title>"],
      [403, "application/json", '{"timestamp":"2026-01-01","status":403,"error":"Forbidden","path":"/api/sts"}'],
      [403, "text/html", "<pre>ForbiddenError: invalid csrf token</pre>"],
      [403, "text/plain", "Invalid CSRF token"],
    ];
    let answer;
    const server = createServer((request, response) => {
      response.writeHead(answer[0], { "content-type": answer[1] }).end(answer[2]);
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    try {
      for (answer of answers) {
        const error = await failureOf(`http://127.0.0.1:${server.address().port}/api/sts`);
        assert.equal(error.status, answer[0]);
        assert.notEqual(error.code, "unauthenticated", answer[2]);
        assert.match(error.message, /CSRF.*request\.headers/, answer[2]);
      }
    } finally {
      server.close();
    }
  });
});
