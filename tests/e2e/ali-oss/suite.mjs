// What must be true of ali-oss with this package, wherever it runs.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, beforeEach, describe, it } from "node:test";

import { BUCKET, startCloud } from "./cloud.mjs";

/** Life of a token in ms. OSS knows whole seconds, so that it lives up to one second longer. */
const LIFE = 2000;
/** Long enough for any token to have run out. */
const IDLE = LIFE + 1200;
/**
 * The same where tokens are renewed under way: a busy machine keeps a page waiting for a second or two, and a renewal
 * begins with a third of this left.
 */
const RENEWED_LIFE = 6000;
/** A page that is idle for that long asks for nothing meanwhile, as one with the default does after two minutes. */
const IDLE_POLICY = { idleWindow: 200 };
const PARTS = 20;
const STALE = [
  "SecurityTokenExpired",
  "InvalidSecurityToken",
  "InvalidAccessKeyId",
  "AccessKeyIdAndSecurityTokenNotMatch",
];
const SKEWED = "RequestTimeTooSkewed";

/**
 * Defines the suite for one ali-oss.
 *
 * @param name - Of the version, build and signature.
 * @param start - Given the cloud, resolves with `{ run, stop, browser }`: `run(scenario, args)` runs one.
 * @param kinds - What of this package can serve it: `options` for `ossOptions`, `client` for `createOssClient`.
 */
export function suite(name, start, kinds = ["options", "client"]) {
  const [any] = kinds;

  // A request that is repeated for ever would hang the suite rather than fail a test. Tests share the suite's cloud: one
  // at a time, whatever the concurrency of what surrounds them, which they would take over.
  describe(`ali-oss ${name}`, { timeout: 5 * 60_000, concurrency: 1 }, () => {
    let cloud;
    let place;
    before(async () => {
      cloud = await startCloud();
      place = await start(cloud);
    });
    beforeEach(() => cloud.reset());
    after(async () => {
      await place?.stop();
      await cloud?.stop();
    });

    /** Runs a scenario and adds what the cloud saw of it. */
    async function run(scenario, args) {
      const outcome = await place.run(scenario, args);
      const { oss, source } = await cloud.seen();
      return { ...outcome, oss, source, refused: oss.filter(({ status }) => status === 403) };
    }

    it("20 concurrent puts after an idle time that outlasts the token", async (t) => {
      const args = { puts: 20, idle: IDLE, interval: LIFE / 3, policy: IDLE_POLICY };
      await cloud.configure({ stsLifeMs: LIFE });
      const stock = await run("burst", { kind: "stock", ...args });
      t.diagnostic(report("stock ali-oss", stock));
      assert.ok(stock.refused.length > 0, "the documented options fare no better than before: the comparison holds");
      for (const kind of kinds) {
        await cloud.reset();
        await cloud.configure({ stsLifeMs: LIFE });
        const ours = await run("burst", { kind, ...args });
        t.diagnostic(report(`upload-token, ${kind}`, ours));
        assert.deepEqual([ours.ok, ours.refused.length, ours.oss.length], [20, 0, 20]);
        assert.equal(ours.source.length, 2, "one call for the client, one for all puts");
      }
    });

    it("20 parts across two expiries", async (t) => {
      await cloud.configure({ stsLifeMs: RENEWED_LIFE, partDelayMs: 2900 });
      const upload = await run("multipart", { kind: any, parts: PARTS });
      const parts = upload.oss.filter(({ action }) => action === "UploadPart");
      const tokens = new Set(upload.oss.map(({ accessKeyId }) => accessKeyId));
      t.diagnostic(`${parts.length} parts, ${tokens.size} tokens, ${upload.refused.length} refused`);
      assert.deepEqual(upload.failures, []);
      assert.equal(upload.refused.length, 0);
      assert.deepEqual(
        parts.map(({ partNumber }) => partNumber).sort((a, b) => a - b),
        range(PARTS),
      );
      assert.ok(tokens.size >= 3, "the upload outlived two tokens");
      const bytes = new Uint8Array(PARTS * 100 * 1024).map((_, i) => i % 251);
      const [{ bucket, sha256 }] = await cloud.objects();
      assert.deepEqual([bucket, sha256], [BUCKET, createHash("sha256").update(bytes).digest("hex")]);
    });

    it("a put every thirtieth of a token's life, and one failure of the source", async () => {
      await cloud.configure({ stsLifeMs: RENEWED_LIFE });
      await cloud.plan({ service: "app", action: "/api/sts", status: 500, skip: 1 });
      const work = await run("steady", { kind: any, every: RENEWED_LIFE / 30, puts: 45 });
      assert.deepEqual([work.failures, work.ok, work.refused.length], [[], 45, 0]);
      assert.equal(work.source.filter(({ status }) => status === 500).length, 1, "the source did fail");
      assert.ok(work.source.length >= 3, "and was asked again");
    });

    it("the device's clock is set back", async () => {
      const cases = [
        // kind, minutes, requests that OSS refuses for their time
        ["options", 10, 0],
        ["client", 60, 1],
        ...(place.browser ? [["options", 60, 1]] : []),
      ];
      for (const [kind, minutes, skewed] of cases.filter(([kind]) => kinds.includes(kind))) {
        await cloud.reset();
        await cloud.configure({ stsLifeMs: LIFE });
        const args = { by: minutes * 60_000, idle: IDLE, puts: 1 };
        const work = await run("clockSetBack", { kind, ...args });
        assert.deepEqual([work.failures, work.ok], [[], 1], `${kind}, ${minutes} min`);
        const codes = work.refused.map(({ code }) => code);
        assert.deepEqual(codes, Array(skewed).fill(SKEWED), `${kind}, ${minutes} min`);
      }
    });

    it("20 requests under way while the clock is found wrong", async () => {
      for (const kind of place.browser ? kinds : kinds.filter((kind) => kind === "client")) {
        await cloud.reset();
        const work = await run("clockSetBack", { kind, by: 3_600_000, idle: 0, puts: 20 });
        assert.deepEqual([work.failures, work.ok], [[], 20], kind);
        assert.ok(work.oss.length <= 40, `each is sent twice at most, ${work.oss.length} requests were made`);
      }
    });

    it("an answer with bucket, endpoint, region and timeout", async () => {
      const work = await run("extraFields", { kind: any });
      assert.deepEqual([work.failures, work.ok], [[], 2]);
      assert.deepEqual(work.after, work.known);
      assert.equal(work.hostAfter, work.host);
      assert.deepEqual([...new Set(work.oss.map(({ bucket }) => bucket))], [BUCKET]);
    });

    it("OSS refuses the time of requests and does not say its own", async () => {
      for (const kind of kinds) {
        await cloud.reset();
        await cloud.plan({ service: "oss", status: 403, code: SKEWED, times: -1 });
        const between = { url: `${place.browser ? cloud.https : cloud.http}/__control/faults`, method: "DELETE" };
        const { first, second, oss } = await run("twice", { kind, between });
        const [error] = first.failures;
        assert.equal(oss.length, 2, "one request failed, one succeeded");
        assert.equal(second.ok, 1, "the client goes on as before");
        if (place.browser || kind === "client") assertSkewed(error);
        else assert.equal(error.code, SKEWED, "the Node build never repeats: its own error");
      }
    });

    it("OSS refuses the time of requests for ever, whatever is corrected", async () => {
      const body = `<Error><Code>${SKEWED}</Code><ServerTime>2020-01-01T00:00:00.000Z</ServerTime></Error>`;
      const limits = { client: 3, options: place.browser ? 101 : 1 };
      for (const kind of kinds) {
        await cloud.reset();
        await cloud.plan({ service: "oss", status: 403, body, times: -1 });
        const { oss, failures } = await run("burst", { kind, puts: 1 });
        assert.equal(oss.length, limits[kind], kind);
        if (place.browser || kind === "client") assertSkewed(failures[0]);
        else assert.equal(failures[0].code, SKEWED);
      }
    });

    it("a token is refused before its end: replaced once, and no put fails", async () => {
      for (const code of STALE) {
        await cloud.reset();
        // Its successor, which ends as soon, must outlive the puts.
        const life = 2 * LIFE;
        if (code === "SecurityTokenExpired") await cloud.configure({ stsLifeMs: life });
        const work = await run("spoiltToken", { kind: "client", code, idle: life + 1200, puts: 20 });
        assert.deepEqual([work.failures, work.ok], [[], 20], code);
        assert.deepEqual([...new Set(work.refused.map((request) => request.code))], [code]);
        assert.deepEqual(work.reasons, ["initial", "rejected"], code);
        assert.equal(work.oss.length - work.refused.length, 20, `${code}: none is stored twice`);
        assert.ok(work.refused.length <= 20, `${code}: none is refused twice`);
      }
    });

    it("a token is refused for a read, whose answer has no body or goes elsewhere: replaced, and read again", async () => {
      // A page reads the header with HEAD's reason only if the bucket's CORS rule exposes it, as few do.
      const again = ["get", ...(place.browser ? [] : ["head", "getStream"])];
      for (const way of [...again, ...(place.browser ? [] : ["get into a file", "get into a stream"])]) {
        await cloud.reset();
        const plan = [{ service: "oss", times: 1, status: 403, code: "InvalidSecurityToken" }];
        const fault = { url: `${place.browser ? cloud.https : cloud.http}/__control/faults`, plan };
        const read = await run("refusedRead", { kind: "client", way, fault });
        assert.deepEqual([read.replaced, read.refused.length], [true, 1], `${way}: ${JSON.stringify(read.failures)}`);
        // What was written into the page's own file or stream cannot be taken back.
        if (again.includes(way)) assert.deepEqual(read.failures, [], way);
        else assert.equal(read.failures[0].code, "InvalidSecurityToken", way);
      }
    });

    it("an address is signed while no token is to be had: nothing is rejected that nobody hears", async () => {
      for (const kind of kinds) {
        const { unheard, signed, put } = await run("signedWithoutToken", { kind });
        assert.deepEqual([unheard, signed, put], [[], true, "closed"], kind);
      }
    });

    it("a refusal that is not about the token is left alone", async () => {
      for (const code of ["AccessDenied", "SignatureDoesNotMatch"]) {
        await cloud.reset();
        await cloud.plan({ service: "oss", status: 403, code, times: -1 });
        const work = await run("burst", { kind: "client", puts: 1 });
        assert.equal(work.failures[0].code, code);
        assert.deepEqual([work.oss.length, work.source.length], [1, 1], code);
      }
    });

    it("every token is refused: a bounded number of requests, and an error", async () => {
      await cloud.plan({ service: "oss", status: 403, code: "InvalidSecurityToken", times: -1 });
      const work = await run("burst", { kind: "client", puts: 1 });
      assert.equal(work.ok, 0);
      assert.ok(["rejected", "InvalidSecurityToken"].includes(work.failures[0].code), work.failures[0].code);
      assert.ok(work.oss.length <= 3 && work.source.length <= 4, `${work.oss.length}, ${work.source.length}`);
    });

    it("the AppServer refuses: requests fail with its error, those of an upload in parts too", async () => {
      await cloud.configure({ stsLifeMs: LIFE });
      await cloud.plan({ service: "app", action: "/api/sts", status: 401, skip: 1, times: -1 });
      const work = await run("burst", { kind: any, puts: 3, idle: IDLE, policy: IDLE_POLICY });
      assert.deepEqual(work.oss, [], "a dead token is not sent");
      assert.deepEqual(
        work.failures.map(({ typed, code }) => [typed, code]),
        Array(3).fill([true, "unauthenticated"]),
      );

      await cloud.reset();
      // The parts of the second turn are sent more than a second before the token's end, those of the third after it.
      await cloud.configure({ stsLifeMs: 2 * LIFE, partDelayMs: 2700 });
      await cloud.plan({ service: "app", action: "/api/sts", status: 401, skip: 1, times: -1 });
      const upload = await run("multipart", { kind: any, parts: PARTS });
      const [{ typed, code, message }] = upload.failures;
      assert.deepEqual([typed, code, upload.refused.length], [true, "unauthenticated", 0], message);
    });
  });
}

function assertSkewed({ typed, code, status, serverCode, message }) {
  assert.deepEqual([typed, code, status, serverCode], [true, "rejected", 403, SKEWED], message);
}

function report(who, { ok, oss, refused, source }) {
  return `${who}: ${refused.length} of ${oss.length} with a dead token, ${ok} stored, ${source.length - 1} source calls`;
}

function range(count) {
  return Array.from({ length: count }, (_, i) => i + 1);
}
