// The request to an AppServer as a real server sees it, made by Node's own fetch.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { Readable } from "node:stream";
import { test } from "node:test";

import { createTokenManager } from "upload-token";

import { next, reply } from "./support.mjs";

/** Serves `answer` on loopback until the test ends. Resolves with `{ url, requests }`. */
async function serve(t, answer) {
  const requests = [];
  const server = createServer(async (request, response) => {
    let body = "";
    try {
      for await (const chunk of request) body += chunk;
    } catch {
      // Given up while it was sent.
      return;
    }
    requests.push({ method: request.method, url: request.url, headers: request.headers, body });
    answer(request, response, requests.length);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${server.address().port}/api/sts`, requests, server };
}

function send(response, value, headers = {}) {
  response.writeHead(200, { "content-type": "application/json", "cache-control": "no-store", ...headers });
  response.end(JSON.stringify(value));
}

function manage(t, options) {
  const tokens = createTokenManager(options);
  t.after(() => tokens.close());
  return tokens;
}

test("a POST that no cache keeps, with what the page adds", async (t) => {
  const { url, requests } = await serve(t, (_, response) => send(response, reply(1)));
  const request = { headers: { "x-csrf-token": "7" }, body: new URLSearchParams({ upload: "film" }) };
  const token = await manage(t, { source: `${url}?v=1`, request }).getToken();
  assert.equal(token.accessKeyId, "STS.Key1");
  const [{ method, url: path, headers, body }] = requests;
  assert.deepEqual([method, path, body], ["POST", "/api/sts?v=1", "upload=film"]);
  assert.equal(headers["x-csrf-token"], "7");
  assert.match(headers["cache-control"], /no-cache|no-store/);
});

test("options made anew for each request", async (t) => {
  const { url, requests } = await serve(t, (_, response, n) => send(response, reply(n)));
  const request = async ({ reason, scope }) => ({ headers: { "x-why": `${reason} ${scope}` } });
  const tokens = manage(t, { source: new URL(url), request });
  tokens.invalidate(await tokens.getToken({ scope: "a" }));
  await tokens.getToken({ scope: "a" });
  assert.deepEqual(
    requests.map(({ headers }) => headers["x-why"]),
    ["initial a", "rejected a"],
  );
  for (const { headers } of requests) assert.equal(headers["content-type"], "application/json");
});

test("a redirect is refused: it could lead the credential anywhere", async (t) => {
  const there = await serve(t, (_, response) => send(response, reply(1)));
  const { url, requests } = await serve(t, (_, response) => response.writeHead(307, { location: there.url }).end());
  const tokens = manage(t, { source: url });
  tokens.prefetch();
  assert.equal((await next(tokens, "refreshFailed")).error.code, "network");
  assert.equal(requests.length, 1);
  assert.equal(there.requests.length, 0);
});

test("an answer that hangs is given up at the deadline, and its connection closed", { timeout: 60_000 }, async (t) => {
  const { url, server } = await serve(t, (_, response, n) => {
    if (n === 2) response.write('{"AccessKeyId":');
  });
  // On a busy machine a request may be given up before the server has read it: then its connection is what there is.
  const open = new Set();
  server.on("connection", (socket) => open.add(socket.on("close", () => open.delete(socket))));
  const tokens = manage(t, { source: url, deadline: 100, policy: { backoffBase: 10, pullIn: 0 } });
  tokens.prefetch();
  for (let n = 1; n <= 2; n++) assert.equal((await next(tokens, "refreshFailed")).error.code, "timeout");
  tokens.close();
  while (open.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
});

test("close ends the request on the wire", { timeout: 60_000 }, async (t) => {
  const { url, server } = await serve(t, () => {});
  const tokens = manage(t, { source: url });
  const waiting = tokens.getToken();
  const [request] = await once(server, "request");
  const gone = once(request.socket, "close");
  tokens.close();
  await assert.rejects(waiting, { code: "closed" });
  await gone;
});

test("of ten megabytes of junk only the beginning is read", async (t) => {
  let sent = 0;
  const junk = function* () {
    for (let n = 0; n < 160; n++) {
      sent += 65_536;
      yield Buffer.alloc(65_536, " ");
    }
  };
  const { url } = await serve(t, (_, response) => Readable.from(junk()).pipe(response));
  const tokens = manage(t, { source: url });
  tokens.prefetch();
  const { error } = await next(tokens, "refreshFailed");
  assert.equal(error.code, "invalid_response");
  assert.match(error.message, /larger than any credential's/);
  assert(sent < 10 << 20, `${sent} bytes were sent`);
});

test("Retry-After is told and waited for", async (t) => {
  const { url } = await serve(t, (_, response, n) => {
    if (n === 1) response.writeHead(429, { "retry-after": "1" }).end();
    else send(response, reply(n));
  });
  const tokens = manage(t, { source: url, policy: { throttleBase: 10, pullIn: 0 } });
  const failed = next(tokens, "refreshFailed");
  const waiting = tokens.getToken();
  const { error, retryIn } = await failed;
  assert.deepEqual([error.code, error.status, error.retryAfter], ["throttled", 429, 1_000]);
  assert(retryIn >= 1_000 && retryIn <= 1_250, `${retryIn} ms`);
  assert.equal((await waiting).accessKeyId, "STS.Key2");
});

test("the server's clock is read from its answer", async (t) => {
  // A day ahead of this device: by its own clock the token would live 25 hours.
  const day = 86_400_000;
  const { url } = await serve(t, (_, response) => {
    const { expiresIn: _unused, ...token } = reply(1);
    const now = Date.now() + day;
    send(
      response,
      { ...token, Expiration: new Date(now + 3_600_000).toISOString() },
      { date: new Date(now).toUTCString() },
    );
  });
  const tokens = manage(t, { source: url });
  const { expiresAt } = await tokens.getToken();
  assert(Math.abs(expiresAt - Date.now() - day - 3_600_000) < 60_000);
  const { validFor } = tokens.status();
  assert(validFor > 3_000_000 && validFor <= 3_600_000, `${validFor} ms`);
});

test("nobody there is a network failure with the platform's own reason", async (t) => {
  const { url, server } = await serve(t, () => {});
  server.close();
  await once(server, "close");
  const tokens = manage(t, { source: url });
  tokens.prefetch();
  const { error } = await next(tokens, "refreshFailed");
  assert.equal(error.code, "network");
  assert(error.cause instanceof TypeError);
});
