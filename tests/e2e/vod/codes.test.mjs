// Every code that an error of the package can have, provoked by what a page can do, in Chromium: its message, its
// fields and its entry in docs/errors.md are held together.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { root } from "../../../scripts/lib/run.mjs";
import { openSite, ORIGIN } from "../support/site.mjs";

const ENTRIES = "https://github.com/upload-token/upload-token/blob/HEAD/docs/errors.md#";
const VOD = "https://vod.cn-shanghai.aliyuncs.com";
const APP = { service: "app", times: -1 };
const CREATE = { service: "vod", action: "CreateUploadVideo", times: -1 };
const token = (more) => ({ AccessKeyId: "STS.a", AccessKeySecret: "b", SecurityToken: "c", ...more });

/**
 * @typedef {object} Case
 * @property {string} [code] the code, if it is not the case's name
 * @property {string} [name] of the page
 * @property {object} [config] of the local cloud
 * @property {object[]} [faults] of the local cloud
 * @property {() => Promise<unknown>} provoke in the page, with `manager`, `refused` and `failed`
 * @property {(page: object) => Promise<void>} [meanwhile] once `provoke` has begun
 * @property {RegExp} says whose move it is, and what was asked and answered
 * @property {object} [fields] what the error has beside message and code
 */

/** @type {Record<string, Case>} */
const CASES = {
  closed: {
    provoke: () => {
      const tokens = window.manager();
      tokens.close();
      return window.refused(tokens);
    },
    says: /^the token manager is closed; create a new one$/,
  },
  aborted: {
    provoke: () => window.refused(window.manager(), { signal: AbortSignal.abort(new Error("enough")) }),
    says: /aborted by its caller$/,
  },
  timeout: {
    faults: [{ ...APP, hang: true }],
    provoke: () => window.refused(window.manager()),
    says: /^no token arrived within \d+ ms: the AppServer hangs, .* \(POST \/api\/sts\)$/,
    fields: { url: "/api/sts" },
  },
  network: {
    faults: [{ ...APP, drop: true }],
    provoke: () => window.refused(window.manager()),
    says: /^the AppServer could not be reached: .* \(POST \/api\/sts\)$/,
    fields: { url: "/api/sts" },
  },
  "network, of VOD": {
    code: "network",
    faults: [{ ...CREATE, drop: true }],
    provoke: () => window.failed({ deadline: 1500 }),
    says: /^VOD could not be reached: .* connect-src .* \(GET https:\/\/vod\.cn-shanghai\.aliyuncs\.com\)$/,
    fields: { url: VOD },
  },
  "network, of OSS": {
    code: "network",
    faults: [{ service: "oss", times: -1, drop: true }],
    provoke: () => window.failed(),
    says: /^OSS could not be reached.*; start the upload again \(https:\/\/[\w-]+\.oss-cn-shanghai\.aliyuncs\.com\/[^?]+\)$/,
    fields: { serverCode: "RequestError" },
  },
  "network, of a function": {
    code: "network",
    provoke: () => window.refused(window.manager({ source: () => Promise.reject(new Error("offline")) })),
    says: /^the page's function failed, .* see cause \(source\(\)\)$/,
    fields: { cause: "Error: offline" },
  },
  "network, of a script": {
    code: "network",
    name: "empty",
    provoke: async () => {
      const { loadVod } = await import("/dist/vod.js");
      return loadVod({ oss: "/nothing.js?key=CANARY", vod: "/nothing.js" }).catch((error) => error);
    },
    says: /script-src .* \(GET https:\/\/app\.test\/nothing\.js\)$/,
    fields: { url: `${ORIGIN}/nothing.js` },
  },
  http: {
    provoke: () => window.refused(window.manager({ source: "/api/nothing?key=CANARY" })),
    says: /is the address right\? It must answer POST\. .* \(POST \/api\/nothing answered 405\)$/,
    fields: { status: 405, url: "/api/nothing" },
  },
  "http, of the server's own trouble": {
    code: "http",
    faults: [{ ...APP, status: 503 }],
    provoke: () => window.refused(window.manager()),
    says: /the fault is the server's; it is asked again \(POST \/api\/sts answered 503\)$/,
    fields: { status: 503, url: "/api/sts" },
  },
  "http, of a body that is not taken": {
    code: "http",
    faults: [{ ...APP, status: 415 }],
    provoke: () => window.refused(window.manager()),
    says: /it must take a body of application\/json, or none \(POST \/api\/sts answered 415\)$/,
    fields: { status: 415, url: "/api/sts" },
  },
  "http, of CSRF": {
    code: "http",
    faults: [{ ...APP, status: 419, body: { message: "CSRF token mismatch." } }],
    provoke: () => window.refused(window.manager()),
    says: /send the token of your framework by request\.headers \(POST \/api\/sts answered 419\)$/,
    fields: { status: 419, url: "/api/sts", serverMessage: "CSRF token mismatch." },
  },
  "http, of VOD": {
    code: "http",
    faults: [{ ...CREATE, status: 400, code: "InvalidFileName.Extension" }],
    provoke: () => window.failed(),
    says: /^VOD answered .*: InvalidFileName\.Extension; what it was told of this file or region .* answered 400, request id \S+\)$/,
    fields: { status: 400, url: VOD, serverCode: "InvalidFileName.Extension" },
  },
  "http, of OSS": {
    code: "http",
    faults: [{ service: "oss", times: -1, status: 403, code: "AccessDenied" }],
    provoke: () => window.failed(),
    says: /^OSS refused the file: AccessDenied: .*policies .* \(https:\/\/[^?]+ answered 403, request id \S+\)$/,
    fields: { status: 403, serverCode: "AccessDenied" },
  },
  throttled: {
    faults: [{ ...APP, status: 429, headers: { "retry-after": "60" } }],
    provoke: () => window.refused(window.manager()),
    says: /^the AppServer asks for fewer requests; it is asked again later \(POST \/api\/sts answered 429\)$/,
    fields: { status: 429, url: "/api/sts", retryAfter: 60_000 },
  },
  unauthenticated: {
    faults: [{ ...APP, status: 401, body: { code: "NotSignedIn", message: "please sign in" } }],
    provoke: () => window.refused(window.manager()),
    says: /^the AppServer does not know this user; sign in again \(POST \/api\/sts answered 401\)$/,
    fields: { status: 401, url: "/api/sts", serverCode: "NotSignedIn", serverMessage: "please sign in" },
  },
  forbidden: {
    faults: [{ ...APP, status: 403 }],
    provoke: () => window.refused(window.manager()),
    says: /does not let this user or this page .* CSRF, .*Host header \(POST \/api\/sts answered 403\)$/,
    fields: { status: 403, url: "/api/sts" },
  },
  invalid_response: {
    faults: [{ ...APP, status: 200, body: "<!doctype html><title>Sign in</title>" }],
    provoke: () => window.refused(window.manager()),
    says: /no usable token: it is HTML or XML, not JSON; it must answer as docs\/appserver\.md says \(POST \/api\/sts\)$/,
    fields: { url: "/api/sts" },
  },
  "invalid_response, through an uploader": {
    code: "invalid_response",
    faults: [{ ...APP, status: 200, body: "<!doctype html><title>Sign in</title>" }],
    provoke: () => window.failed({ deadline: 1500 }),
    says: /^the AppServer's answer holds no usable token: it is HTML or XML, not JSON; .* \(POST \/api\/sts\)$/,
    fields: { url: "/api/sts" },
  },
  long_lived_key: {
    faults: [{ ...APP, status: 200, body: token({ AccessKeyId: "LTAI5tCANARY" }) }],
    provoke: () => window.refused(window.manager()),
    says: /^the AppServer sent a long-lived key; revoke it, .* \(POST \/api\/sts\)$/,
    fields: { url: "/api/sts" },
  },
  expired_on_arrival: {
    faults: [{ ...APP, status: 200, body: token({ Expiration: "2020-01-01T00:00:00Z" }) }],
    provoke: () => window.refused(window.manager()),
    says: /already expired; it must not keep one that long \(POST \/api\/sts\)$/,
    fields: { url: "/api/sts" },
  },
  rejected: {
    provoke: async () => {
      const tokens = window.manager();
      for (let tries = 0; tries < 10; tries++) {
        const token = await tokens.getToken().catch((error) => error);
        if (token instanceof Error) return token;
        tokens.invalidate(token);
      }
      return undefined;
    },
    says: /refused again and again; check the role's policy and the region \(POST \/api\/sts\)$/,
    fields: { url: "/api/sts" },
  },
  reset: {
    config: { partDelayMs: 2000 },
    provoke: () => window.failed(),
    meanwhile: async (page) => {
      await page.waitForFunction(() => window.tokens?.peek());
      await page.evaluate(() => window.tokens.reset());
    },
    says: /^the user changed, .*; ask again for the new one$/,
  },
  source: {
    provoke: () => window.refused(window.manager({ source: () => notThere })),
    says: /^source has a mistake in it: notThere is not defined$/,
    fields: { cause: "ReferenceError: notThere is not defined" },
  },
  "source, that returns nothing": {
    code: "source",
    provoke: () => window.refused(window.manager({ source: () => {} })),
    says: /^source has a mistake in it: it returned nothing; or the answer was not as it expects, such as an error without data$/,
  },
  request: {
    provoke: () => window.refused(window.manager({ request: () => notThere })),
    says: /^request has a mistake in it: notThere is not defined \(POST \/api\/sts\)$/,
    fields: { url: "/api/sts", cause: "ReferenceError: notThere is not defined" },
  },
  "request, with a bad header": {
    code: "request",
    provoke: () => window.refused(window.manager({ request: () => ({ headers: { "bad header": "CANARY" } }) })),
    says: /^request has a mistake in it: request\.headers: bad header is no name of a header, .* \(POST \/api\/sts\)$/,
    fields: { url: "/api/sts" },
  },
  "request, with a name that is none": {
    code: "request",
    provoke: () => window.refused(window.manager({ request: async () => ({ header: {} }) })),
    says: /^request has a mistake in it: request\.header is not an option; did you mean headers\? \(POST \/api\/sts\)$/,
    fields: { url: "/api/sts" },
  },
  "invalid_option, of credentials": {
    code: "invalid_option",
    provoke: () => window.thrown(() => window.manager({ request: { credentials: "includes" } })),
    says: /^request\.credentials must be one of omit, same-origin, include$/,
  },
  map_reply: {
    provoke: () => window.refused(window.manager({ mapReply: () => notThere })),
    says: /^mapReply has a mistake in it: notThere is not defined \(POST \/api\/sts\)$/,
    fields: { url: "/api/sts", cause: "ReferenceError: notThere is not defined" },
  },
  upload_auth: {
    provoke: () => window.failed({ tokens: null, uploadAuth: () => notThere }),
    says: /^uploadAuth has a mistake in it: notThere is not defined$/,
  },
  invalid_option: {
    provoke: () => window.thrown(() => window.manager({ polcy: {} })),
    says: /^polcy is not an option; did you mean policy\?$/,
  },
  "invalid_option, of more validity than there is": {
    code: "invalid_option",
    provoke: () => window.refused(window.manager(), { minValidity: 86_000_000 }),
    says: /^minValidity is longer .*; ask for less than \d+ ms, or have it ask STS for a longer DurationSeconds$/,
  },
  "invalid_option, of an empty file": {
    code: "invalid_option",
    provoke: () => window.failed({}, 0),
    says: /^a\.mp4 is empty; choose another file$/,
    fields: { serverCode: "EmptyFile" },
  },
  wasm: {
    name: "empty",
    provoke: async () => {
      const { createTokenManager } = await import("/dist/wasm.js");
      const tokens = createTokenManager({ source: "/api/sts", wasm: "/nothing.wasm?key=CANARY" });
      return tokens.getToken().catch((error) => error);
    },
    says: /^the WebAssembly module is not there \(GET https:\/\/app\.test\/nothing\.wasm answered 404\); /,
  },
  page_error: {
    provoke: () => window.failed({ onUploadstarted: () => Promise.reject(new Error("no title")) }),
    says: /^the page's onUploadstarted rejected: no title$/,
    fields: { cause: "Error: no title" },
  },
  sdk_error: {
    name: "late-oss",
    provoke: () => {
      window.OSS = undefined;
      return window.failed();
    },
    says: /^the SDK threw: .*OSS.*; is it loaded whole, and ali-oss with it\?$/,
  },
  upload_lost: {
    config: { exposeEtag: false },
    provoke: () => window.failed(),
    says: /the bucket's CORS rule must expose ETag/,
  },
  upload_stalled: {
    name: "script-tag",
    provoke: () => {
      window.OSS.prototype.multipartUpload = () => new Promise(() => {});
      return window.failed({ timeout: 1000, retryCount: 1, retryDuration: 1 });
    },
    meanwhile: async (page) => {
      await page.waitForFunction(() => window.harness.uploader?.listFiles()[0]?.state === "Uploading");
      await page.clock.runFor(60_000);
    },
    says: /^the SDK stopped reporting; start the upload again$/,
  },
  upload_too_slow: {
    config: { uploadAuthLifeMs: 1500, stsLifeMs: 20_000, partDelayMs: 1000 },
    provoke: () => window.failed({}, 768 << 10, "a.png"),
    says: /longer than its UploadAuth is valid, .*: send a smaller file/,
  },
};

/** In the page: what provokes. */
async function prepare() {
  const { createTokenManager } = await import("/dist/index.js");
  const policy = { backoffBase: 50, throttleBase: 50, deadline: 1000, waitDeadline: 1500 };
  window.manager = (options) => createTokenManager({ source: "/api/sts", policy, ...options });
  window.read = ({ name, code, message, cause, ...fields }) => {
    return { name, code, message, ...fields, ...(cause !== undefined && { cause: String(cause) }) };
  };
  /** The error that a call ends with. */
  window.refused = (tokens, options) => {
    tokens.on("refreshFailed", () => {});
    return tokens.getToken(options).catch((error) => error);
  };
  window.thrown = (act) => {
    try {
      return act();
    } catch (error) {
      return error;
    }
  };
  /** The error that a file ends with; told as code and message too. */
  window.failed = (options = {}, size = 300 << 10, name = "a.mp4") =>
    new Promise((resolve) => {
      window.tokens = window.manager();
      window.harness.use(window.tokens);
      window.harness.ours({
        parallel: 1,
        partSize: 128 << 10,
        onUploadFailed: (info, code, message, error) => resolve(message === error.message ? error : message),
        ...options,
      });
      void window.harness.add(name, size, { type: "" }).then(() => window.harness.start());
    });
}

const docs = await readFile(join(root, "docs/errors.md"), "utf8");

describe("the error", { concurrency: 1 }, () => {
  let site;
  before(async () => (site = await openSite()));
  after(() => site?.close());

  for (const [name, { code = name, provoke, meanwhile, says, fields = {}, ...where }] of Object.entries(CASES)) {
    test(name, async () => {
      await site.reset(where);
      const page = await site.blank();
      if (name === "upload_stalled") await page.clock.install();
      if (where.name === "empty") await page.goto(`${ORIGIN}/empty.html`);
      else await site.load(page, where.name);
      await page.evaluate(prepare);
      const provoked = page.evaluate(`Promise.resolve((${provoke})()).then(window.read)`);
      await meanwhile?.(page);
      const { message, ...told } = await provoked;
      await page.context().close();

      assert.deepEqual([told.name, told.code], ["UploadTokenError", code], message);
      assert.ok(message.endsWith(` — ${ENTRIES}${code}`), message);
      assert.match(message.slice(0, -` — ${ENTRIES}${code}`.length), says);
      const { requestId, ...rest } = told;
      assert.deepEqual(Object.fromEntries(Object.keys(fields).map((name) => [name, rest[name]])), fields);
      assert.doesNotMatch(JSON.stringify([message, told]), /CANARY/);
    });
  }

  test("each code has its case, its entry, and whose move it is", async () => {
    const types = await readFile(join(root, "dist/types/errors.d.ts"), "utf8");
    const union = /UploadTokenErrorCode = ([^;]+);/.exec(types)[1];
    const codes = [...union.matchAll(/"(\w+)"/g)].map(([, code]) => code).sort();
    const provoked = new Set(Object.entries(CASES).map(([name, { code = name }]) => code));
    assert.deepEqual([...provoked].sort(), codes);
    const entries = [...docs.matchAll(/^## (\w+)$/gm)].map(([, code]) => code).sort();
    assert.deepEqual(entries, codes);
    const moves = [...docs.matchAll(/^\| \[`(\w+)`\]\(#(\w+)\) +\| (the user|nobody|server team|page) +\|/gm)];
    assert.deepEqual(moves.map(([, code, anchor]) => (code === anchor ? code : `${code} at ${anchor}`)).sort(), codes);
  });
});
