// Failures of which nobody would hear for half a minute: one line on the console.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { before, test } from "node:test";

import { createTokenManager } from "upload-token";

const policy = { backoffBase: 10, backoffCap: 20, waitDeadline: 1000 };

// The load of the module counts in a caller's wait.
before(() => {
  const token = { AccessKeyId: "STS.a", AccessKeySecret: "b", SecurityToken: "c", expiresIn: 3600 };
  return createTokenManager({ source: () => token }).getToken();
});

/** What `act(tokens)` leaves on the console, with an AppServer that answers 503. */
async function printed(act) {
  const server = createServer((request, response) => response.writeHead(503).end()).listen(0, "127.0.0.1");
  await once(server, "listening");
  const lines = [];
  const { warn } = console;
  console.warn = (line) => lines.push(line);
  const source = `http://127.0.0.1:${server.address().port}/api/sts?key=CANARY`;
  const tokens = createTokenManager({ source, policy });
  try {
    await act(tokens);
  } finally {
    console.warn = warn;
    tokens.close();
    server.close();
  }
  return lines;
}

const failing = (tokens) => assert.rejects(tokens.getToken());

test("the first of them is told once, with how long it goes on", async () => {
  const lines = await printed(async (tokens) => {
    await failing(tokens);
    await failing(tokens);
  });
  assert.equal(lines.length, 1);
  assert.match(lines[0], /^upload-token: .*up to 1 s.*"refreshFailed"/);
  assert.doesNotMatch(lines[0], /CANARY/);
});

test("whoever listens needs no line", async () => {
  const lines = await printed(async (tokens) => {
    tokens.on("refreshFailed", () => {});
    await failing(tokens);
  });
  assert.deepEqual(lines, []);
});

test("a failure that is not tried again is told to the caller, who is there", async () => {
  const lines = [];
  const { warn } = console;
  console.warn = (line) => lines.push(line);
  const tokens = createTokenManager({ source: () => ({ AccessKeyId: "LTAI", AccessKeySecret: "b" }), policy });
  try {
    await assert.rejects(tokens.getToken());
  } finally {
    console.warn = warn;
    tokens.close();
  }
  assert.deepEqual(lines, []);
});
