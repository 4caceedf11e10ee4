// The contract of docs/appserver.md as tests, for any AppServer.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, it } from "node:test";

/** What must never stand in a refusal. */
const CREDENTIAL = /"(AccessKeySecret|SecurityToken|uploadAuth)"/;

/**
 * Declares the tests of `POST /api/sts`.
 *
 * @param name - Of the server, for the report.
 * @param server.url - A function that returns its address, without the path.
 * @param server.user - Headers of a signed-in user; without them everybody counts as signed in.
 * @param server.plan - Makes the cloud behind it fail; without it a failing cloud is not tested.
 */
export function stsContract(name, { url, user, plan }) {
  describe(`${name}: POST /api/sts`, () => {
    const path = process.env.APP_SERVER_STS_PATH ?? "/api/sts";
    const ask = (init = {}) => request(url() + path, user, init);

    it("answers a whole STS token with both instants", async () => {
      const { response, reply } = await ask();
      assert.equal(response.status, 200);
      assert.match(response.headers.get("content-type"), /^application\/json\b/);
      assert.equal(reply.StatusCode, 200);
      for (const field of [
        "AccessKeyId",
        "AccessKeySecret",
        "SecurityToken",
        "Expiration",
        "ServerTime",
        "RequestId",
      ]) {
        assert.ok(typeof reply[field] === "string" && reply[field] !== "", `${field} is missing`);
      }
      assert.match(reply.AccessKeyId, /^STS\./, "a temporary credential");
      assert.match(reply.Expiration, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      assert.match(reply.ServerTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      const life = Date.parse(reply.Expiration) - Date.parse(reply.ServerTime);
      assert.ok(life > 0 && life <= 43_201_000, `a life of ${life} ms`);
    });

    it("lets nobody store an answer", async () => {
      for (const init of [{}, { method: "GET" }]) {
        const { response } = await ask(init);
        assert.match(response.headers.get("cache-control") ?? "", /\bno-store\b/);
      }
    });

    it("answers POST only", async () => {
      for (const method of ["GET", "PUT", "DELETE"]) {
        const { response, text } = await ask({ method });
        assert.equal(response.status, 405, method);
        assert.match(response.headers.get("allow") ?? "", /\bPOST\b/);
        assert.doesNotMatch(text, CREDENTIAL);
      }
    });

    it("refuses pages of other sites", async () => {
      for (const headers of [
        { origin: "https://evil.example" },
        { origin: "null" },
        { origin: "https://evil.example", "sec-fetch-site": "cross-site" },
      ]) {
        const { response, text } = await ask({ headers });
        assert.equal(response.status, 403);
        assert.equal(response.headers.get("access-control-allow-origin"), null);
        assert.doesNotMatch(text, CREDENTIAL);
      }
      const { response } = await ask({ method: "OPTIONS", headers: { origin: "https://evil.example" } });
      assert.equal(response.headers.get("access-control-allow-origin"), null);
    });

    it("takes a JSON body and ignores what it does not know", async () => {
      const { response } = await ask({ body: JSON.stringify({ scope: randomUUID(), unheardOf: 1 }) });
      assert.equal(response.status, 200);
    });

    if (user) {
      it("refuses whoever is not signed in", async () => {
        const { response, text } = await request(url() + path, {}, {});
        assert.equal(response.status, 401);
        assert.doesNotMatch(text, CREDENTIAL);
      });
    }
    if (plan) failures(ask, plan);
  });
}

function failures(ask, plan) {
  // A scope of its own each time: a cached token must not hide that the cloud fails.
  const fresh = () => ask({ body: JSON.stringify({ scope: randomUUID() }) });
  const fault = (more) =>
    plan({ service: "sts", action: "AssumeRole", message: "server string to sign is:GET", ...more });

  it("turns the cloud's throttling into 429 with a wait", async () => {
    await fault({ status: 400, code: "Throttling.User" });
    const { response, reply } = await fresh();
    assert.equal(response.status, 429);
    assert.match(response.headers.get("retry-after") ?? "", /^\d+$/);
    assert.match(reply.ErrorCode, /^Throttling/);
  });

  it("answers a failure of its own with 5xx, and keeps the cloud's words to itself", async () => {
    for (const [status, code] of [
      [403, "NoPermission"],
      [400, "SignatureDoesNotMatch"],
      [500, "InternalError"],
    ]) {
      await fault({ status, code });
      const { response, reply, text } = await fresh();
      assert.ok(response.status >= 500, `${code} became ${response.status}: the user is not to blame`);
      assert.equal(reply.StatusCode, response.status);
      assert.equal(reply.ErrorCode, code);
      assert.doesNotMatch(text, /string to sign/);
    }
  });

  it("does not pass on an answer that is no token", async () => {
    for (const body of ["{}", "<html>"]) {
      await fault({ status: 200, body });
      const { response, text } = await fresh();
      assert.ok(response.status >= 500, `${body} became ${response.status}`);
      assert.doesNotMatch(text, CREDENTIAL);
    }
  });
}

/** Declares the tests of `POST /api/upload-auth`; parameters as of {@link stsContract}. */
export function uploadAuthContract(name, { url, user }) {
  describe(`${name}: POST /api/upload-auth`, () => {
    const path = process.env.APP_SERVER_UPLOAD_AUTH_PATH ?? "/api/upload-auth";
    const ask = (wishes, as = user) => request(url() + path, as, { body: JSON.stringify(wishes) });
    const decode = (text) => JSON.parse(Buffer.from(text, "base64").toString("utf8"));
    const file = { fileName: "contract.mp4", title: "contract", fileSize: 1024 };

    it("creates a video, and its UploadAuth and address can be read", async () => {
      const { response, reply } = await ask(file);
      assert.equal(response.status, 200);
      assert.match(response.headers.get("cache-control") ?? "", /\bno-store\b/);
      for (const field of ["videoId", "requestId", "serverTime"]) assert.ok(reply[field], field);
      const auth = decode(reply.uploadAuth);
      for (const field of ["AccessKeyId", "AccessKeySecret", "SecurityToken", "Expiration"])
        assert.ok(auth[field], field);
      const address = decode(reply.uploadAddress);
      for (const field of ["Endpoint", "Bucket", "FileName"]) assert.ok(address[field], field);
    });

    it("renews it at the same address", async () => {
      const { reply: first } = await ask(file);
      const { response, reply: second } = await ask({ videoId: first.videoId });
      assert.equal(response.status, 200);
      assert.deepEqual([second.videoId, second.uploadAddress], [first.videoId, first.uploadAddress]);
      assert.notEqual(second.uploadAuth, first.uploadAuth);
    });

    it("gives a ticket that settles whose the video is", async () => {
      const { reply: first } = await ask(file);
      assert.match(first.ticket ?? "", /^[\x21-\x7e]{16,512}$/, "for a page that resumes after your restart");
      const { response, reply } = await ask({ videoId: first.videoId, ticket: first.ticket });
      assert.equal(response.status, 200);
      assert.ok(reply.ticket, "a renewal gives one too");
    });

    it("creates an image", async () => {
      const { response, reply } = await ask({ title: "contract", image: { imageType: "default", imageExt: "png" } });
      assert.equal(response.status, 200);
      assert.ok(reply.imageId && reply.uploadAuth && reply.uploadAddress);
      assert.equal(reply.videoId, undefined);
    });

    it("renews no video that this user was not given", async () => {
      const { response, text } = await ask({ videoId: "0123456789abcdef0123456789abcdef" });
      assert.equal(response.status, 404);
      assert.doesNotMatch(text, CREDENTIAL);
    });

    it("refuses pages of other sites", async () => {
      const { response, text } = await ask(file, { ...user, origin: "https://evil.example" });
      assert.equal(response.status, 403);
      assert.doesNotMatch(text, CREDENTIAL);
    });
  });
}

async function request(url, user, { headers, ...init }) {
  const response = await fetch(url, { method: "POST", redirect: "manual", ...init, headers: { ...user, ...headers } });
  const text = await response.text();
  let reply;
  try {
    reply = JSON.parse(text);
  } catch {
    // A refusal by a gateway may be HTML; whoever needs the fields finds them missing.
  }
  return { response, text, reply };
}
