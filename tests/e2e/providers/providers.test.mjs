// `npm test -- providers` runs this folder.
//
// upload-token/providers: the real clients in Chromium, against a stand-in that looks at what they signed with.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";

import { build } from "esbuild";

import { launchChrome } from "../../../scripts/lib/chrome.mjs";
import { root } from "../../../scripts/lib/run.mjs";

const MB = 1 << 20;
const DAY = 86_400_000;
const CLIENTS = ["s3", "uppy", "uppy5", "cos"];
/** Where each client puts the id that it signed with. */
const SIGNERS = [/Credential=(STS\.\d+)\//, /X-Amz-Credential=(STS\.\d+)%2F/, /q-ak=(STS\.\d+)&/];

describe("providers", () => {
  let browser;
  let script;
  let page;
  /** Requests to the stand-in: `{ id, token, left, authorization }`. */
  let seen;
  /** How long the stand-in takes for an answer, ms. */
  let answersAfter;
  /** COS's clock minus this device's, ms, if COS looks at the time of requests. */
  let cosAhead;

  before(async () => {
    const entryPoints = [join(root, "tests/e2e/providers/page/clients.mjs")];
    const made = await build({ entryPoints, bundle: true, format: "esm", write: false, logLevel: "silent" });
    script = made.outputFiles[0].text;
    browser = await launchChrome();
  });
  after(() => browser?.close());

  beforeEach(async () => {
    seen = [];
    answersAfter = 0;
    cosAhead = undefined;
    page = await (await browser.newContext()).newPage();
    await page.route("**/*", answer);
    await page.goto("https://app.test/");
    await page.waitForFunction(() => "harness" in globalThis);
  });
  afterEach(() => page.context().close());

  /** The page itself, and any object store. */
  async function answer(route) {
    const request = route.request();
    const url = request.url();
    if (url === "https://app.test/") {
      const body = '<!doctype html><title>providers</title><script type="module" src="/page.js"></script>';
      return route.fulfill({ contentType: "text/html", body });
    }
    if (url.startsWith("https://app.test/")) return route.fulfill({ contentType: "text/javascript", body: script });
    const authorization = `${(await request.allHeaders())["authorization"] ?? ""} ${url}&`;
    const id = SIGNERS.map((signer) => signer.exec(authorization)?.[1]).find(Boolean);
    const headers = await request.allHeaders();
    const token =
      headers["x-amz-security-token"] ??
      headers["x-cos-security-token"] ??
      new URL(url).searchParams.get("X-Amz-Security-Token");
    const left = await page.evaluate(([id, url]) => harness.left(id, url), [id, url]);
    seen.push({ id, token, left, authorization });
    if (answersAfter > 0) await new Promise((done) => setTimeout(done, answersAfter));
    const cors = { "access-control-allow-origin": "*", "access-control-expose-headers": "ETag" };
    const late = cosAhead !== undefined && lateBy(authorization, Date.now() + cosAhead);
    if (late)
      return route.fulfill({ status: 403, headers: { ...cors, "content-type": "application/xml" }, body: late });
    const begin = "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>";
    const done =
      "<CompleteMultipartUploadResult><Location>l</Location><Key>k</Key><ETag>e</ETag></CompleteMultipartUploadResult>";
    const body = request.method() !== "POST" ? "" : /[?&]uploads\b/.test(url) ? begin : done;
    return route.fulfill({ headers: { ...cors, etag: '"e"', "content-type": "application/xml" }, body });
  }

  const make = (life, how) => page.evaluate(([life, how]) => harness.make(life, how), [life, how]);
  const put = (name, size = 1000) => page.evaluate(([name, size]) => harness.put(name, size), [name, size]);
  const ids = () => seen.map(({ id }) => id);

  for (const name of CLIENTS) {
    test(`${name} signs with the token in hand, and not with one that was refused`, async () => {
      await make(3_600_000);
      assert.equal(await put(name), "stored");
      assert.equal(await put(name), "stored");
      assert.deepEqual([...new Set(ids())], ["STS.1"]);
      for (const { id, token } of seen) assert.equal(token, `token-${id}`);
      await page.evaluate(() => harness.refuse());
      seen = [];
      assert.equal(await put(name), "stored");
      assert.deepEqual([...new Set(ids())], ["STS.2"]);
    });
  }

  test("none signs with a token that has ended", async () => {
    await make(1000);
    const end = Date.now() + 3000;
    await Promise.all(
      CLIENTS.map(async (name) => {
        while (Date.now() < end) assert.equal(await put(name), "stored", name);
      }),
    );
    assert(new Set(ids()).size >= 3, ids().join(", "));
    for (const { id, left, authorization } of seen)
      assert(left > 0, `${id} had ended ${-left} ms before ${authorization}`);
  });

  test("an upload of Uppy in many parts goes over to the next token", async () => {
    await make(3000);
    // Its parts go out together: with this it begins, sends them and ends in three different thirds of the life.
    answersAfter = 1300;
    assert.equal(await put("uppy", 15 * MB), "stored");
    assert(new Set(ids()).size >= 2, ids().join(", "));
    for (const { id, left } of seen) assert(left > 0, `${id} had ended ${-left} ms before`);
  });

  for (const name of CLIENTS) {
    test(`${name} asks again after a request for a token that failed, whoever waited for it`, async () => {
      await make(3_600_000);
      await page.evaluate(() => harness.fail(1));
      const failed = await Promise.allSettled([put(name), put(name)]);
      for (const { value } of failed) assert.notEqual(value, "stored");
      assert.deepEqual(seen, []);
      await page.evaluate(() => harness.recovered());
      assert.equal(await put(name), "stored");
      assert.equal(await put(name), "stored");
    });
  }

  test("a file of Uppy that is cancelled while the first token is awaited takes no other with it", async () => {
    for (const name of ["uppy", "uppy5"]) {
      await make(3_600_000);
      assert.equal(await page.evaluate((name) => harness.cancelOne(name), name), "stored", name);
      assert.equal(await put(name), "stored", name);
    }
  });

  for (const name of CLIENTS) {
    test(`${name} signs with no token that ended while nothing was sent`, async () => {
      await make(1000, { idleWindow: 100 });
      assert.equal(await put(name), "stored");
      await page.waitForTimeout(2000);
      assert.equal(await put(name), "stored");
      for (const { id, left } of seen) assert(left > 0, `${id} had ended ${-left} ms before`);
    });
  }

  for (const name of CLIENTS) {
    test(`${name} signs with the token in hand after the device's clock was set back`, async () => {
      await make(3_600_000);
      assert.equal(await put(name), "stored");
      await page.evaluate((by) => harness.setBack(by), DAY);
      await page.evaluate(() => harness.refuse());
      seen = [];
      assert.equal(await put(name), "stored");
      assert.deepEqual([...new Set(ids())], ["STS.2"]);
    });
  }

  test("a token near its end does not end an upload of Uppy that is under way", async () => {
    // Release 5 ends a part with the credentials that it was signed with, if those told their end.
    const timeouts = await page.evaluateHandle(() => harness.timeouts());
    await make(20_000);
    assert.equal(await put("uppy5InParts", 6 * MB), "stored");
    const given = await timeouts.jsonValue();
    assert.equal(given.length, 2);
    for (const timeout of given) assert(timeout > DAY, `${timeout} ms`);
  });

  // A second and a half minutes: the client itself takes what it has kept for good, with a clock that is that late.
  for (const [what, skew] of [
    ["right", 0],
    ["80 s late", 80_000],
    ["a day late", DAY],
    ["a day early", -DAY],
  ]) {
    test(`COS signs by the server's clock while the device's is ${what}, and not with a token that was refused`, async () => {
      await make(3_600_000, { skew });
      assert.equal(await put("cos"), "stored");
      await page.evaluate(() => harness.refuse());
      assert.equal(await put("cos"), "stored");
      assert.deepEqual(ids(), ["STS.1", "STS.2"]);
      for (const { authorization } of seen) {
        const [from, to] = spanOf(authorization);
        const now = (Date.now() + skew) / 1000;
        assert(from <= now && now <= to && to - from <= 120, `${from - now} to ${to - now} s from now`);
      }
    });

    test(`COS is sent what it takes once it has told its time, if the AppServer tells none and the device's is ${what}`, async () => {
      cosAhead = skew;
      await make(3_600_000, { skew, silent: true });
      assert.equal(await put("cos"), "stored");
      assert.equal(await put("cos"), "stored");
      assert(seen.length <= 3, `${seen.length} requests`);
    });
  }

  test("a client is told that there is no token, and asks again", async () => {
    await make(3_600_000);
    await page.evaluate(() => harness.close());
    assert.match(await put("cos"), /TmpSecretId/);
    await assert.rejects(put("s3"), /closed/);
    assert.match(await put("uppy"), /closed/);
  });
});

/** When a signature of COS begins and ends to be good, in seconds. */
function spanOf(authorization) {
  return /q-sign-time=(\d+);(\d+)&/.exec(authorization).slice(1).map(Number);
}

/** What COS answers at `now` to a request that was not signed for then. */
function lateBy(authorization, now) {
  const [from, to] = spanOf(authorization);
  if (from <= now / 1000 && now / 1000 <= to) return undefined;
  const time = new Date(now).toISOString();
  return `<Error><Code>AccessDenied</Code><Message>Request has expired</Message><ServerTime>${time}</ServerTime></Error>`;
}
