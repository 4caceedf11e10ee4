// The contract of docs/appserver.md as checks, for any AppServer.
//
// Each says what is right, and what a page suffers where it is not. `npm run contract -- URL` prints them;
// `contract.test.mjs` holds the servers of this repository to them.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { connect } from "node:net";

/** What must never stand in a refusal. */
const CREDENTIAL = /"(AccessKeySecret|SecurityToken|uploadAuth)"/;

/**
 * A server under test.
 *
 * @typedef {object} Server
 * @property {string} url - Its address, without the path.
 * @property {Record<string, string>} [user] - Headers of a signed-in user; without them everybody counts as signed in.
 * @property {(fault: object) => Promise<void>} [plan] - Makes the cloud behind it fail.
 * @property {string} [sts] - The path of its tokens; `""` if it has none.
 * @property {string} [uploadAuth] - The path of its UploadAuths; `""` if it has none.
 */

/** @type {{ of: "sts" | "uploadAuth", right: string, suffers: string, needs?: "user" | "plan", check: Function }[]} */
export const CHECKS = [
  {
    of: "sts",
    right: "answers a whole STS token with both instants",
    suffers: "without ServerTime a page whose user's clock is wrong cannot know how long the token lives",
    async check(ask) {
      const { response, reply } = await ask();
      assert.equal(response.status, 200);
      assert.match(response.headers.get("content-type"), /^application\/json\b/);
      assert.equal(reply.StatusCode, 200);
      for (const field of ["AccessKeyId", "AccessKeySecret", "SecurityToken", "Expiration", "ServerTime", "RequestId"])
        assert.ok(typeof reply[field] === "string" && reply[field] !== "", `${field} is missing`);
      assert.match(reply.AccessKeyId, /^STS\./, "a temporary credential");
      assert.match(reply.Expiration, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      assert.match(reply.ServerTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      const life = Date.parse(reply.Expiration) - Date.parse(reply.ServerTime);
      assert.ok(life > 0 && life <= 43_201_000, `a life of ${life} ms`);
    },
  },
  {
    of: "sts",
    right: "lets nobody store an answer",
    suffers: "a stored answer is a stored credential, and one replayed later looks younger than it is",
    async check(ask) {
      for (const init of [{}, { method: "GET" }]) {
        const { response } = await ask(init);
        assert.match(response.headers.get("cache-control") ?? "", /\bno-store\b/);
      }
    },
  },
  {
    of: "sts",
    right: "answers POST only",
    suffers: "any image tag of any site can make your server spend an AssumeRole",
    async check(ask) {
      for (const method of ["GET", "PUT", "DELETE"]) {
        const { response, text } = await ask({ method });
        assert.equal(response.status, 405, method);
        assert.match(response.headers.get("allow") ?? "", /\bPOST\b/);
        assert.doesNotMatch(text, CREDENTIAL);
      }
    },
  },
  {
    of: "sts",
    right: "refuses pages of other sites",
    suffers: "a page of another site gets the credentials of your signed-in users",
    async check(ask) {
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
    },
  },
  {
    of: "sts",
    right: "takes a JSON object, ignores what it does not know, and refuses anything else",
    suffers: "pages that name a scope or a rejected token get no token at all",
    async check(ask) {
      for (const known of [{ scope: randomUUID(), unheardOf: 1 }, { scope: null, rejected: null }, {}]) {
        const { response } = await ask({ body: JSON.stringify(known) });
        assert.equal(response.status, 200, JSON.stringify(known));
      }
      for (const body of ["[]", "7", "{", '{"scope":7}']) {
        const { response, text } = await ask({ body });
        assert.equal(response.status, 400, body);
        assert.doesNotMatch(text, CREDENTIAL);
      }
    },
  },
  {
    of: "sts",
    right: "does not answer a token again that a server refused",
    suffers: "a page with a dead token gets it again and again, and its uploads stop",
    async check(ask) {
      const scope = randomUUID();
      const { reply: first } = await ask({ body: JSON.stringify({ scope }) });
      const { reply: second } = await ask({ body: JSON.stringify({ scope, rejected: first.AccessKeyId }) });
      assert.ok(first.AccessKeyId && second.AccessKeyId);
      assert.notEqual(second.AccessKeyId, first.AccessKeyId);
    },
  },
  {
    of: "sts",
    right: "lives on after requests that no browser sends",
    suffers: "one request from anywhere ends the server for everybody",
    async check(ask, server) {
      for (const target of ["//", "//api/sts", "/%", "http://[", "*", "/api/sts?%zz", "/\\", "/".repeat(5_000)]) {
        const status = await rawStatus(server.url, target);
        // Which of them is still a path of its own is the server's affair.
        assert.ok(status === undefined || status < 500, `${target.slice(0, 20)} was a ${status}`);
      }
      const { response } = await ask();
      assert.equal(response.status, 200, "and then serves the next one");
    },
  },
  {
    of: "sts",
    needs: "user",
    right: "refuses whoever is not signed in",
    suffers: "anybody on the internet may upload on your account",
    async check(ask, server, path) {
      const { response, text } = await request(server.url + path, {}, {});
      assert.equal(response.status, 401);
      assert.doesNotMatch(text, CREDENTIAL);
    },
  },
  {
    of: "sts",
    needs: "plan",
    right: "turns the cloud's throttling into 429 with a wait",
    suffers: "pages come back at once and keep the account throttled",
    async check(ask, server) {
      await fault(server, { status: 400, code: "Throttling.User" });
      const { response, reply } = await fresh(ask);
      assert.equal(response.status, 429);
      assert.match(response.headers.get("retry-after") ?? "", /^\d+$/);
      assert.match(reply.ErrorCode, /^Throttling/);
    },
  },
  {
    of: "sts",
    needs: "plan",
    right: "answers a failure of its own with 5xx, and keeps the cloud's words to itself",
    suffers: "a page asks its user to sign in because your key is wrong; a refused signature quotes the request",
    async check(ask, server) {
      for (const [status, code] of [
        [403, "NoPermission"],
        [400, "SignatureDoesNotMatch"],
        [500, "InternalError"],
      ]) {
        await fault(server, { status, code });
        const { response, reply, text } = await fresh(ask);
        assert.ok(response.status >= 500, `${code} became ${response.status}: the user is not to blame`);
        assert.equal(reply.StatusCode, response.status);
        assert.equal(reply.ErrorCode, code);
        assert.doesNotMatch(text, /string to sign/);
      }
    },
  },
  {
    of: "sts",
    needs: "plan",
    right: "does not pass on an answer that is no token",
    suffers: "a page holds an empty credential and learns it from the upload SDK's failure",
    async check(ask, server) {
      for (const body of ["{}", "<html>"]) {
        await fault(server, { status: 200, body });
        const { response, text } = await fresh(ask);
        assert.ok(response.status >= 500, `${body} became ${response.status}`);
        assert.doesNotMatch(text, CREDENTIAL);
      }
    },
  },
  {
    of: "uploadAuth",
    right: "creates a video, and its UploadAuth and address can be read",
    suffers: "no upload begins",
    async check(ask) {
      const { response, reply } = await askFor(ask, FILE);
      assert.equal(response.status, 200);
      assert.match(response.headers.get("cache-control") ?? "", /\bno-store\b/);
      for (const field of ["videoId", "requestId", "serverTime"]) assert.ok(reply[field], field);
      const auth = decode(reply.uploadAuth);
      for (const field of ["AccessKeyId", "AccessKeySecret", "SecurityToken", "Expiration"])
        assert.ok(auth[field], field);
      const address = decode(reply.uploadAddress);
      for (const field of ["Endpoint", "Bucket", "FileName"]) assert.ok(address[field], field);
    },
  },
  {
    of: "uploadAuth",
    right: "renews it at the same address",
    suffers: "an upload that outlives its UploadAuth begins anew, or fails",
    async check(ask) {
      const { reply: first } = await askFor(ask, FILE);
      const { response, reply: second } = await askFor(ask, { videoId: first.videoId, ticket: first.ticket });
      assert.equal(response.status, 200);
      assert.deepEqual([second.videoId, second.uploadAddress], [first.videoId, first.uploadAddress]);
      assert.notEqual(second.uploadAuth, first.uploadAuth);
    },
  },
  {
    of: "uploadAuth",
    right: "gives a ticket that settles whose the video is",
    suffers: "each of your restarts ends all running uploads, unless you keep a database of videos",
    async check(ask) {
      const { reply: first } = await askFor(ask, FILE);
      assert.match(first.ticket ?? "", /^[\x21-\x7e]{16,512}$/, "for a page that resumes after your restart");
      const { response, reply } = await askFor(ask, { videoId: first.videoId, ticket: first.ticket });
      assert.equal(response.status, 200);
      assert.ok(reply.ticket, "a renewal gives one too");
    },
  },
  {
    of: "uploadAuth",
    right: "creates an image",
    suffers: "covers and images cannot be uploaded",
    async check(ask) {
      const { response, reply } = await askFor(ask, {
        title: "contract",
        image: { imageType: "default", imageExt: "png" },
      });
      assert.equal(response.status, 200);
      assert.ok(reply.imageId && reply.uploadAuth && reply.uploadAddress);
      assert.equal(reply.videoId, undefined);
    },
  },
  {
    of: "uploadAuth",
    right: "renews no video that this user was not given, whatever ticket comes with it",
    suffers: "one signed-in user overwrites another's video",
    async check(ask) {
      const { reply: own } = await askFor(ask, FILE);
      const stranger = "0123456789abcdef0123456789abcdef";
      for (const ticket of [undefined, own.ticket, "t1.9999999999.AAAA", 7]) {
        const { response, text } = await askFor(ask, { videoId: stranger, ticket });
        const expected = ticket === 7 ? [400, 404] : [404];
        assert.ok(expected.includes(response.status), `${ticket} was a ${response.status}`);
        assert.doesNotMatch(text, CREDENTIAL);
      }
    },
  },
  {
    of: "uploadAuth",
    right: "does not let a page name an address that VOD calls back",
    suffers: "a user makes your account report its events to an address of theirs",
    async check(ask) {
      const userData = { MessageCallback: { CallbackURL: "https://evil.example" } };
      const { response, reply } = await askFor(ask, { ...FILE, userData });
      // To leave it out is right as well; nobody can see that from here.
      assert.ok(response.status === 400 || response.status === 403 || reply?.uploadAuth, `${response.status}`);
    },
  },
  {
    of: "uploadAuth",
    right: "refuses pages of other sites",
    suffers: "a page of another site uploads as your signed-in users",
    async check(ask) {
      const headers = { origin: "https://evil.example" };
      const { response, text } = await ask({ headers, body: JSON.stringify(FILE) });
      assert.equal(response.status, 403);
      assert.doesNotMatch(text, CREDENTIAL);
    },
  },
];

const FILE = { fileName: "contract.mp4", title: "contract", fileSize: 1024 };

/** The checks that apply to `server`, each as a function to be awaited. @param {Server} server */
export function checksFor(server) {
  const paths = { sts: server.sts ?? "/api/sts", uploadAuth: server.uploadAuth ?? "/api/upload-auth" };
  return CHECKS.filter(({ of, needs }) => paths[of] !== "" && (!needs || server[needs])).map((check) => {
    const path = paths[check.of];
    const ask = (init = {}) => request(server.url + path, server.user, init);
    return { ...check, path, run: () => check.check(ask, server, path) };
  });
}

const askFor = (ask, fields) => ask({ body: JSON.stringify(fields) });
const decode = (text) => JSON.parse(Buffer.from(text, "base64").toString("utf8"));

// A scope of its own each time: a cached token must not hide that the cloud fails.
const fresh = (ask) => ask({ body: JSON.stringify({ scope: randomUUID() }) });
const fault = (server, more) =>
  server.plan({ service: "sts", action: "AssumeRole", message: "server string to sign is:GET", ...more });

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

/** The status of the answer to a request for `target`, which `fetch` would not send; `undefined` over TLS or without one. */
function rawStatus(url, target) {
  const { protocol, hostname, port, host } = new URL(url);
  if (protocol !== "http:") return undefined;
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port || 80), hostname.replace(/[[\]]/g, ""));
    let answer = "";
    socket.setEncoding("utf8").on("data", (text) => (answer += text));
    socket.once("error", (error) => (error.code === "ECONNRESET" ? resolve(undefined) : reject(error)));
    socket.once("close", () => resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]) || undefined));
    // Left open: to some servers the end of what is sent is the end of whoever sent it, and they answer nobody.
    socket.write(`POST ${target} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
  });
}
