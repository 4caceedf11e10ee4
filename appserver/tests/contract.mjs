// The contract of docs/appserver.md as checks, for any AppServer.
//
// Each says what is right, and what a page suffers where it is not. `npm run contract -- URL` prints them;
// `contract.test.mjs` holds the servers of this repository to them.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import { CREDENTIAL, rawStatus, request, requestAsIs } from "./requests.mjs";
import { FILE, UPLOAD_AUTH_CHECKS } from "./upload-auth-checks.mjs";

/**
 * A server under test. What it has not, its checks do not ask for.
 *
 * @typedef {object} Server
 * @property {string} url - Its address, without the path.
 * @property {Record<string, string>} [user] - Headers of a signed-in user; without them everybody counts as signed in.
 * @property {Record<string, string>} [other] - Those of another one, whose requests the checks use up.
 * @property {string} [userHeader] - The one of these headers in which a proxy names the user, if the server is asked as
 *   that proxy asks it.
 * @property {number} [burst] - How many tokens a user may ask for at once.
 * @property {boolean} [anyHost] - Whether it may be asked under every name: its tokens are worth nothing.
 * @property {boolean} [caches] - Whether it keeps tokens.
 * @property {(fault: object) => Promise<void>} [plan] - Makes the cloud behind it fail.
 * @property {string} [sts] - The path of its tokens; `""` if it has none.
 * @property {string} [uploadAuth] - The path of its UploadAuths; `""` if it has none.
 */

/** @type {{ of: "sts" | "uploadAuth" | "each", right: string, suffers: string, needs?: string[], check: Function }[]} */
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
    of: "each",
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
    of: "each",
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
    of: "each",
    needs: ["ownHosts"],
    right: "is not asked under a name that is not its own",
    suffers: "a page whose name was made to lead to your server (DNS rebinding) is no foreign page to it",
    async check(ask, server, askAsIs) {
      const { protocol } = new URL(server.url);
      const headers = {
        ...server.user,
        host: REBOUND,
        origin: `${protocol}//${REBOUND}`,
        "sec-fetch-site": "same-origin",
      };
      const { status, text } = await askAsIs(headers);
      // A proxy in front may refuse it in its own way, or hang up.
      assert.ok(
        status === undefined || (status >= 300 && status < 500),
        `Host: ${REBOUND} was answered with ${status}`,
      );
      assert.doesNotMatch(text, CREDENTIAL);
    },
  },
  {
    of: "each",
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
    right: "reads a body that comes in chunks",
    suffers: "behind a proxy that does not wait for the end of a body, a page cannot say that its token was refused",
    async check(ask) {
      const scope = randomUUID();
      const { reply: first } = await ask({ body: JSON.stringify({ scope }) });
      const { response, reply } = await ask(inChunks(JSON.stringify({ scope, rejected: first.AccessKeyId })));
      assert.equal(response.status, 200);
      assert.notEqual(reply.AccessKeyId, first.AccessKeyId, "rejected was not read");
      const { response: refusal } = await ask(inChunks("[]"));
      assert.equal(refusal.status, 400, `[] was answered with ${refusal.status}`);
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
    of: "each",
    needs: ["user"],
    right: "refuses whoever is not signed in",
    suffers: "anybody on the internet may upload on your account",
    async check(ask) {
      const { response, text } = await ask({ user: {} });
      assert.equal(response.status, 401);
      assert.doesNotMatch(text, CREDENTIAL);
    },
  },
  {
    of: "each",
    needs: ["user", "userHeader"],
    right: "refuses a request that names two users",
    suffers: "behind a proxy that adds its header to those it was sent, a stranger names any user",
    async check(ask, server, askAsIs) {
      const known = server.user[server.userHeader];
      for (const users of [
        ["contract", known],
        [known, "contract"],
      ]) {
        const headers = { ...server.user, [server.userHeader]: users };
        const { status, text } = await askAsIs(headers);
        assert.equal(status, 401, `twice ${server.userHeader} was answered with ${status}`);
        assert.doesNotMatch(text, CREDENTIAL);
      }
    },
  },
  {
    of: "sts",
    needs: ["plan"],
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
    needs: ["plan"],
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
    needs: ["plan"],
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
    of: "sts",
    needs: ["plan", "caches"],
    right: "shares a failure among requests that overlap",
    suffers: "while the cloud is down, each of a user's tabs waits for all that asked before it",
    async check(ask, server) {
      await fault(server, { status: 500, code: "InternalError", delayMs: 2_000 });
      const body = JSON.stringify({ scope: randomUUID() });
      const answers = await Promise.all(Array.from({ length: 3 }, () => ask({ body })));
      // One AssumeRole fails: whoever got a token has made another one.
      const statuses = answers.map(({ response }) => response.status);
      assert.ok(
        statuses.every((status) => status >= 500),
        `one AssumeRole failed, and the answers are ${statuses.join(", ")}`,
      );
    },
  },
  {
    of: "sts",
    needs: ["other", "burst"],
    right: "lets each user ask only so often",
    suffers: "one user in a loop uses up what the account may ask of STS, and nobody gets a token",
    async check(ask, server) {
      let refusal;
      for (let asked = 0; asked < server.burst + LEEWAY && !refusal; asked++) {
        const body = JSON.stringify({ scope: randomUUID() });
        const { response } = await ask({ user: server.other, body });
        assert.ok(response.status === 200 || response.status === 429, `${response.status}`);
        if (response.status === 429) refusal = response;
      }
      assert.ok(refusal, `more than ${server.burst} requests at once were answered`);
      assert.match(refusal.headers.get("retry-after") ?? "", /^\d+$/, "Retry-After says when to come back");
      const { response } = await ask();
      assert.equal(response.status, 200, "another user is served all the same");
    },
  },
  ...UPLOAD_AUTH_CHECKS,
];

/** A name that is no site's. */
const REBOUND = "rebound.example";
/** Requests that a bucket gives back while a slow server answers. */
const LEEWAY = 20;

/** The checks that apply to `server`, each as a function to be awaited. @param {Server} server */
export function checksFor(server) {
  const paths = Object.entries({ sts: "/api/sts", uploadAuth: "/api/upload-auth" })
    .map(([of, path]) => [of, server[of] ?? path])
    .filter(([, path]) => path !== "");
  const has = { ...server, ownHosts: !server.anyHost };
  return CHECKS.filter(({ needs = [] }) => needs.every((need) => has[need])).flatMap((check) =>
    paths
      .filter(([of]) => check.of === "each" || check.of === of)
      .map(([of, path]) => {
        const url = server.url + path;
        const body = of === "uploadAuth" ? JSON.stringify(FILE) : undefined;
        const ask = ({ user = server.user, ...init } = {}) =>
          request(url, user, init.method === undefined ? { body, ...init } : init);
        const askAsIs = (headers) => requestAsIs(url, headers, body);
        return { ...check, path, run: () => check.check(ask, server, askAsIs) };
      }),
  );
}

const inChunks = (text) => ({ body: new Blob([text]).stream(), duplex: "half" });

// A scope of its own each time: a cached token must not hide that the cloud fails.
const fresh = (ask) => ask({ body: JSON.stringify({ scope: randomUUID() }) });
const fault = (server, more) =>
  server.plan({ service: "sts", action: "AssumeRole", message: "server string to sign is:GET", ...more });
