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
    const begin = "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>";
    const done =
      "<CompleteMultipartUploadResult><Location>l</Location><Key>k</Key><ETag>e</ETag></CompleteMultipartUploadResult>";
    const body = request.method() !== "POST" ? "" : /[?&]uploads\b/.test(url) ? begin : done;
    return route.fulfill({ headers: { ...cors, etag: '"e"', "content-type": "application/xml" }, body });
  }

  const make = (life, skew) => page.evaluate(([life, skew]) => harness.make(life, skew), [life, skew]);
  const put = (name, size = 1000) => page.evaluate(([name, size]) => harness.put(name, size), [name, size]);
  const ids = () => seen.map(({ id }) => id);

  for (const name of CLIENTS) {
    test(`${name} signs with the token in hand, and not with one that was refused`, async () => {
      await make(3_600_000);
      assert.equal(await put(name), "stored");
      assert.equal(await put(name), "stored");
      assert.deepEqual([...new Set(ids())], ["STS.1"]);
      for (const { id, token } of seen) assert.equal(token, `token-${id}`);
      // What a client keeps by itself is cleared by a timer, if at all.
      if (name === "uppy5") return;
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

  test("COS signs by the server's clock, though the device's is a day late", async () => {
    const DAY = 86_400_000;
    await make(3_600_000, DAY);
    assert.equal(await put("cos"), "stored");
    const [, from, to] = /q-sign-time=(\d+);(\d+)&/.exec(seen[0].authorization).map(Number);
    const now = (Date.now() + DAY) / 1000;
    assert(from <= now && now <= to && to - from <= 120, `${from - now} to ${to - now} s from now`);
  });

  test("a client is told that there is no token, and asks again", async () => {
    await make(3_600_000);
    await page.evaluate(() => harness.close());
    assert.match(await put("cos"), /TmpSecretId/);
    await assert.rejects(put("s3"), /closed/);
    assert.match(await put("uppy"), /closed/);
  });
});
