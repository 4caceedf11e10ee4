// `npm test -- app-servers` runs this folder.
//
// What a request says in its body, and how: to the page's own origin as JSON, to others so that nothing is asked first.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";

import { launchChrome } from "../../../scripts/lib/chrome.mjs";
import { root } from "../../../scripts/lib/run.mjs";
import { install, load } from "./install.mjs";

let own;
let other;
let browser;

before(async () => {
  await install();
  own = await serve();
  other = await serve();
  browser = await launchChrome();
});

after(async () => {
  await browser?.close();
  await Promise.all([own, other].map((server) => server?.close()));
});

beforeEach(() => [own, other].forEach(({ requests }) => (requests.length = 0)));

/** An Express server with the page, the package and AppServers of different appetites. */
async function serve() {
  const { default: express } = await load("express");
  const app = express();
  const requests = [];
  let issued = 0;
  const token = () => ({ AccessKeyId: `STS.${++issued}`, AccessKeySecret: "b", SecurityToken: "c", expires_in: 900 });
  app.use((request, response, next) => {
    // What a server does for pages of other origins that ask nothing special.
    response.set("access-control-allow-origin", "*");
    if (request.path.startsWith("/sts")) requests.push(request);
    next();
  });
  app.get("/", (request, response) => response.type("html").send("<!doctype html><link rel=icon href=data:,>"));
  app.get("/dist/:name", async (request, response) => {
    response.type("js").send(await readFile(join(root, "dist", request.params.name)));
  });
  app.post("/sts/express", express.json(), (request, response) => response.json(token()));
  // As `@RequestBody` of Spring, which is of one type only, and here need not be there.
  app.post("/sts/spring", (request, response) => {
    const type = request.get("content-type");
    if (type && !/^application\/json/.test(type))
      return response.status(415).json({ status: 415, error: "Unsupported" });
    return response.json(token());
  });
  // Takes nothing at all.
  app.post("/sts/nothing", (request, response) => {
    if (request.get("content-type")) return response.sendStatus(415);
    return response.json(token());
  });
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = () => new Promise((done) => server.close(done).closeAllConnections());
  return { url: `http://127.0.0.1:${server.address().port}`, requests, close };
}

/** In a page of `own`: a token, a refusal of it, another; resolves with both ids or the failure. */
async function refused(source, request) {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(own.url);
    return await page.evaluate(
      async ([source, request]) => {
        const { createTokenManager } = await import("/dist/index.js");
        const tokens = createTokenManager({ source, ...(request && { request }), policy: { backoffBase: 10 } });
        const first = await tokens.getToken();
        tokens.invalidate(first, "InvalidSecurityToken");
        const second = await tokens.getToken().catch(({ code }) => code);
        return [first.accessKeyId, second.accessKeyId ?? second];
      },
      [source, request],
    );
  } finally {
    await context.close();
  }
}

const of = ({ requests }) => requests.map(({ method, headers }) => `${method} ${headers["content-type"] ?? "-"}`);

test("the page's own server is told of a refusal in JSON, which it reads as such", async () => {
  const [first] = await refused("/sts/express");
  assert.deepEqual(of(own), ["POST -", "POST application/json"]);
  const { rejected, reason } = own.requests[1].body;
  assert.deepEqual([rejected, reason], [first, "rejected"]);
});

test("one that takes JSON only works after a refusal as before", async () => {
  const ids = await refused("/sts/spring");
  assert.match(ids[1], /^STS\./);
  assert.equal(own.requests.length, 2);
});

test("another origin's server is told so that the browser asks nothing first", async () => {
  const ids = await refused(`${other.url}/sts/express`);
  assert.match(ids[1], /^STS\./);
  assert.deepEqual(of(other), ["POST -", "POST text/plain;charset=UTF-8"]);
});

for (const [where, path] of [
  ["another origin's", "spring"],
  ["another origin's", "nothing"],
  ["the page's own", "nothing"],
]) {
  test(`${where} server that takes no such body (${path}) is asked once more without one`, async () => {
    const server = where === "the page's own" ? own : other;
    const ids = await refused(`${server.url}/sts/${path}`);
    assert.match(ids[1], /^STS\./);
    assert.equal(of(server).length, 3);
    assert.equal(of(server)[2], "POST -");
  });
}

test("a body of the page's own is sent as it is, and not left out", async () => {
  const request = { body: '{"mine":1}', headers: { "content-type": "application/json" } };
  await refused("/sts/express", request);
  assert.deepEqual(
    own.requests.map(({ body }) => body),
    [{ mine: 1 }, { mine: 1 }],
  );
});
