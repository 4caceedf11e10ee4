// Three AppServers that share a real Redis: one AssumeRole a user, whoever is asked, and whatever ends in the meantime.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

import OSS from "ali-oss";

import { accessKey, roleArn, sha256, startCloud, unpack } from "../../localcloud/tests/cloud.mjs";
import { startProgram } from "../../scripts/lib/app-server.mjs";
import { startRedis, startSlowWay } from "./redis.mjs";

const KEY = "0123456789abcdef0123456789abcdef";
const NEW_KEY = "fedcba9876543210fedcba9876543210";
const PART = 100 * 1024;
let cloud;
let redis;
let instances = [];

before(async () => {
  cloud = await startCloud();
});
beforeEach(async () => {
  await cloud.reset();
  redis = await startRedis();
});
afterEach(async () => {
  await Promise.all(instances.splice(0).map((instance) => instance.kill()));
  await redis.stop();
});
after(() => cloud.stop());

/** An instance that shares what `redis` has; `log` is what it said. */
async function instance(more = {}) {
  const log = [];
  const flags = ["--listen", "127.0.0.1:0", "--listen-metrics", "127.0.0.1:0"];
  const env = {
    ALIBABA_CLOUD_ACCESS_KEY_ID: accessKey.id,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKey.secret,
    ALIBABA_CLOUD_ROLE_ARN: roleArn,
    UPLOAD_TOKEN_AUTH: "proxy-header:X-User",
    UPLOAD_TOKEN_ENDPOINTS: "sts,upload-auth",
    UPLOAD_TOKEN_INSTANCES: "3",
    UPLOAD_TOKEN_REQUESTS_PER_MINUTE: "1000",
    UPLOAD_TOKEN_STORE: redis.url,
    UPLOAD_TOKEN_STORE_KEYS: KEY,
    UPLOAD_TOKEN_STS_ENDPOINT: cloud.sts,
    UPLOAD_TOKEN_STS_PER_SECOND: "99",
    UPLOAD_TOKEN_TICKET_KEYS: KEY,
    UPLOAD_TOKEN_VOD_ENDPOINT: `http://127.0.0.1:${cloud.port}/__cloud/vod.cn-shanghai.aliyuncs.com`,
    UPLOAD_TOKEN_VOD_PER_SECOND: "80",
    ...more,
  };
  const started = await startProgram(flags, { env, onLog: (line) => log.push(JSON.parse(line)) });
  const place = { ...started, log, said: (event) => log.filter((entry) => entry.event === event) };
  instances.push(place);
  return place;
}

const several = (count, more) => Promise.all(Array.from({ length: count }, () => instance(more)));

async function post(place, path, user, body = {}) {
  const headers = { "content-type": "application/json", "x-user": user };
  const response = await fetch(place.http + path, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: response.status, wait: response.headers.get("retry-after"), reply: await response.json() };
}

const token = (place, user, body) => post(place, "/api/sts", user, body);

/** Until it is true, which something else makes it. */
async function until(what, sentence) {
  for (let looks = 0; looks < 200; looks++) {
    if (await what()) return;
    await sleep(50);
  }
  assert.fail(`never: ${sentence}`);
}

/** How often STS issued a token, by user. */
async function issued() {
  const users = new Map();
  for (const { status, params } of await cloud.log("AssumeRole")) {
    if (status === 200) users.set(params.RoleSessionName, (users.get(params.RoleSessionName) ?? 0) + 1);
  }
  return users;
}

async function metric(place, name) {
  const text = await (await fetch(`${place.metrics}/metrics`)).text();
  return Number(text.split(`\nupload_token_${name} `)[1]?.split("\n")[0]);
}

describe("instances that share a store", () => {
  it("ask STS once a user: 1,000 users, 10,000 requests", async () => {
    const places = await several(3);
    const work = Array.from({ length: 10_000 }, (_, number) => ({ user: `user-${number % 1_000}`, number }));
    const ids = new Map();
    const statuses = new Map();
    const worker = async () => {
      for (let next = work.pop(); next; next = work.pop()) {
        const { status, wait, reply } = await token(places[next.number % 3], next.user);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        if (status === 429) {
          await sleep(Number(wait) * 1_000);
          work.unshift(next);
          continue;
        }
        assert.equal(status, 200, JSON.stringify(reply));
        ids.set(next.user, (ids.get(next.user) ?? new Set()).add(reply.AccessKeyId));
      }
    };
    await Promise.all(Array.from({ length: 48 }, worker));
    assert.equal(statuses.get(200), 10_000);
    assert.ok(
      [...ids.values()].every((all) => all.size === 1),
      "each user has one token",
    );
    const users = await issued();
    assert.equal(users.size, 1_000);
    assert.deepEqual(new Set(users.values()), new Set([1]));
    const told = await Promise.all(places.map((place) => metric(place, 'store_claims_total{outcome="token"}')));
    assert.ok(
      told.every((count) => count > 2_000),
      `most requests are served from the store: ${told}`,
    );
  });

  it("hand out a token no more that one of them was told is refused", async () => {
    const [one, other, third] = await several(3);
    const first = (await token(one, "alice")).reply.AccessKeyId;
    assert.equal((await token(other, "alice")).reply.AccessKeyId, first);
    const second = (await token(third, "alice", { rejected: first })).reply.AccessKeyId;
    assert.notEqual(second, first);
    for (const place of [one, other, third]) assert.equal((await token(place, "alice")).reply.AccessKeyId, second);
    // Late, of a page that slept: the newer token stays.
    assert.equal((await token(one, "alice", { rejected: first })).reply.AccessKeyId, second);
    assert.deepEqual(await issued(), new Map([["alice", 2]]));
  });

  it("hand it out no more even if it comes to the store after it was refused", async (test) => {
    const isToken = (words) => words.includes("\r\ntoken\r\n");
    const way = await startSlowWay(redis.url, isToken);
    test.after(() => way.stop());
    const slow = await instance({ UPLOAD_TOKEN_STORE: way.url });
    const [one, other] = await several(2);
    // The store knows the scripts from here on: what is late is the token itself.
    await token(one, "bob");
    const refused = (await token(slow, "alice")).reply.AccessKeyId;
    const second = (await token(one, "alice", { rejected: refused })).reply.AccessKeyId;
    assert.notEqual(second, refused);
    assert.equal(await way.release(), ":1\r\n", "the store takes the late word, as nobody holds the lease any more");
    for (const place of [one, other]) assert.equal((await token(place, "alice")).reply.AccessKeyId, second);
  });

  it("share the end that a token had in STS's eyes, and a refusal of STS", async () => {
    const [one, other] = await several(2);
    const { reply: mine } = await token(one, "alice");
    await sleep(1_100);
    const { reply: theirs } = await token(other, "alice");
    const life = (reply) => Date.parse(reply.Expiration) - Date.parse(reply.ServerTime);
    assert.equal(theirs.Expiration, mine.Expiration);
    assert.ok(life(mine) - life(theirs) >= 1_000, "it has become older");
    await cloud.plan({ service: "sts", action: "AssumeRole", status: 403, code: "NoPermission" });
    for (const place of [one, other]) assert.equal((await token(place, "bob")).reply.ErrorCode, "NoPermission");
    assert.equal((await cloud.log("AssumeRole")).length, 2, "nobody asks again at once");
  });

  it("count a user's requests together", async () => {
    const places = await several(3, { UPLOAD_TOKEN_REQUESTS_PER_MINUTE: "7" });
    const answers = [];
    for (let number = 0; number < 9; number++) answers.push((await token(places[number % 3], "alice")).status);
    assert.deepEqual(answers, [200, 200, 200, 200, 200, 200, 200, 429, 429]);
    assert.equal((await token(places[0], "bob")).status, 200);
  });

  it("go on when the store's clock is set back", async () => {
    const place = await instance({ UPLOAD_TOKEN_REQUESTS_PER_MINUTE: "60" });
    const first = (await token(place, "alice")).reply.AccessKeyId;
    while ((await token(place, "alice")).status === 200);
    const names = (await redis.ask("KEYS", "*")).split("\r\n");
    const ahead = String(Date.now() + 3_600_000);
    for (const name of names) {
      if (name.startsWith("ut:b:")) await redis.ask("HSET", name, "left", "0", "at", ahead);
      if (name.startsWith("ut:t:")) await redis.ask("HSET", name, "born", ahead);
    }
    let answer = await token(place, "alice");
    assert.equal(answer.status, 429);
    assert.ok(Number(answer.wait) <= 2, "a bucket fills from now on");
    await until(async () => (answer = await token(place, "alice")).status === 200, "a bucket fills");
    assert.notEqual(answer.reply.AccessKeyId, first, "a token of an age that nobody knows");
  });

  it("leave nothing in the store that says whose a token is, or could be used", async () => {
    const place = await instance();
    const { reply } = await token(place, "alice@example.com");
    await post(place, "/api/upload-auth", "alice@example.com", { fileName: "a.mp4" });
    const names = (await redis.ask("KEYS", "*")).split("\r\n").filter((word) => word.startsWith("ut:"));
    assert.ok(
      names.some((name) => name.startsWith("ut:t:")) && names.some((name) => name.startsWith("ut:o:")),
      `${names}`,
    );
    const values = await Promise.all(names.flatMap((name) => [redis.ask("GET", name), redis.ask("HGETALL", name)]));
    const all = names.join() + values.join();
    assert.ok(all.includes(reply.AccessKeyId), "which is no secret, and is looked at");
    for (const secret of [reply.AccessKeySecret, reply.SecurityToken, "alice"]) assert.ok(!all.includes(secret));
  });

  it("read what was sealed with an older key, and throw out what they cannot", async () => {
    const old = await instance();
    const first = (await token(old, "alice")).reply.AccessKeyId;
    const both = await instance({ UPLOAD_TOKEN_STORE_KEYS: `${NEW_KEY},${KEY}` });
    assert.equal((await token(both, "alice")).reply.AccessKeyId, first);
    const later = await instance({ UPLOAD_TOKEN_STORE_KEYS: NEW_KEY });
    const second = (await token(later, "alice")).reply.AccessKeyId;
    assert.notEqual(second, first);
    assert.equal((await token(both, "alice")).reply.AccessKeyId, second);
  });

  it("take over from one that died while it was asking STS", async () => {
    const [one, other] = await several(2);
    await cloud.plan({ service: "sts", action: "AssumeRole", hang: true });
    const lost = token(one, "alice").catch(() => "lost");
    await until(async () => (await cloud.log("AssumeRole")).length === 1, "STS is asked");
    await one.kill();
    assert.equal(await lost, "lost");
    assert.equal((await token(other, "alice")).status, 200);
  });
});

describe("when Redis is gone", () => {
  it("each serves from its memory, says so, and shares again once it is back", async () => {
    const [one, other] = await several(2);
    const shared = (await token(one, "alice")).reply.AccessKeyId;
    assert.equal((await token(other, "alice")).reply.AccessKeyId, shared);
    await redis.kill();
    for (const place of [one, other]) {
      assert.equal((await token(place, "alice")).reply.AccessKeyId, shared, "as it was told before");
      assert.equal((await token(place, "carol")).status, 200, "and asks STS itself");
      await until(() => place.said("storeUnavailable").length === 1, "it says so");
      assert.equal(await metric(place, "store_up"), 0);
      assert.ok((await metric(place, "store_failures_total")) > 0);
    }
    const refused = (await token(one, "alice", { rejected: shared })).reply.AccessKeyId;
    assert.notEqual(refused, shared);
    await redis.start();
    for (const place of [one, other]) await until(() => place.said("storeBack").length === 1, "it is back");
    const again = (await token(one, "alice")).reply.AccessKeyId;
    assert.notEqual(again, shared);
    assert.equal((await token(other, "alice")).reply.AccessKeyId, again);
    assert.equal(await metric(one, "store_up"), 1);
  });

  it("a renewal needs a ticket, or patience", async () => {
    const [one, other] = await several(2);
    const { reply: video } = await post(one, "/api/upload-auth", "alice", { fileName: "a.mp4" });
    const renew = (place, user, ticket) => post(place, "/api/upload-auth", user, { videoId: video.videoId, ticket });
    assert.equal((await renew(other, "alice")).status, 200, "the store says whose it is");
    assert.equal((await renew(other, "mallory", video.ticket)).status, 404);
    await redis.kill();
    const { status, wait, reply } = await renew(other, "mallory", video.ticket);
    assert.deepEqual([status, reply.ErrorCode], [503, "ServiceUnavailable"]);
    assert.match(wait, /^\d+$/);
    assert.equal((await renew(other, "alice", video.ticket)).status, 200, "a ticket needs no store");
    assert.equal((await renew(one, "alice")).status, 200, "nor does the one that created it");
  });

  it("at start, they start all the same", async () => {
    await redis.kill();
    const place = await instance();
    assert.equal((await token(place, "alice")).status, 200);
    await redis.start();
    await until(() => place.said("storeBack").length === 1, "it is found");
  });
});

describe("uploads", () => {
  it("outlive instances and Redis, killed in the middle of them", async () => {
    await several(3);
    const bytes = randomBytes(4 * PART + 7);
    let running = true;
    const disorder = async () => {
      for (let round = 0; running; round++) {
        await sleep(150);
        if (round % 3 === 2) {
          await redis.kill();
          await sleep(100);
          await redis.start();
        } else {
          await instances.shift().kill();
          await instance();
        }
      }
      return undefined;
    };
    const disordered = disorder();
    const uploads = Array.from({ length: 12 }, (_, number) => upload(`user-${number}`, bytes));
    const keys = await Promise.all(uploads).finally(() => (running = false));
    await disordered;
    const stored = await cloud.objects();
    assert.deepEqual(stored.map((object) => object.key).sort(), keys.sort(), "each once");
    assert.ok(stored.every((object) => object.size === bytes.length && object.sha256 === sha256(bytes)));
  });

  /** Uploads in parts, each with an UploadAuth that is renewed wherever somebody answers. Resolves with the object's key. */
  async function upload(user, bytes) {
    let video = await persistently(user, { fileName: `${user}.mp4`, title: user });
    const address = unpack(video.uploadAddress);
    let uploadId;
    const done = [];
    for (let number = 1; (number - 1) * PART < bytes.length; number++) {
      video = await persistently(user, { videoId: video.videoId, ticket: video.ticket });
      const part = bytes.subarray((number - 1) * PART, number * PART);
      const oss = client(unpack(video.uploadAuth), address.Bucket);
      uploadId ??= (await oss.initMultipartUpload(address.FileName)).uploadId;
      const data = { stream: Readable.from([part]), size: part.length };
      done.push({ number, etag: (await oss._uploadPart(address.FileName, uploadId, number, data)).etag });
      await sleep(200);
    }
    const oss = client(unpack(video.uploadAuth), address.Bucket);
    await oss.completeMultipartUpload(address.FileName, uploadId, done);
    return address.FileName;
  }

  const client = (credential, bucket) =>
    new OSS({
      accessKeyId: credential.AccessKeyId,
      accessKeySecret: credential.AccessKeySecret,
      stsToken: credential.SecurityToken,
      // Never asked for: each part has a client of its own.
      refreshSTSToken: () => assert.fail("no client lives that long"),
      bucket,
      region: "oss-cn-shanghai",
      endpoint: `http://oss-cn-shanghai.aliyuncs.com:${cloud.port}`,
      agent: cloud.agent(),
    });

  /** As a load balancer and the page do: another instance, and later again. A lost answer to a creation is one video more. */
  async function persistently(user, body) {
    for (let attempt = 0; attempt < 50; attempt++) {
      const place = instances[attempt % instances.length];
      const answer = place && (await post(place, "/api/upload-auth", user, body).catch(() => undefined));
      if (answer?.status === 200) return answer.reply;
      assert.ok(!answer || answer.status === 503 || answer.status === 429, JSON.stringify(answer));
      await sleep(answer?.wait ? 1_000 * Number(answer.wait) : 50);
    }
    throw new Error("nobody answers");
  }
});

describe("rediss://", () => {
  it("is believed by the CA that is given, and needs no more rights than the documentation says", async (test) => {
    const page = await readFile(new URL("../../docs/appserver.md", import.meta.url), "utf8");
    const rights = /`(\+eval [^`]+)`/.exec(page)[1].split(/\s+/);
    const secure = await startRedis({ tls: true, user: { name: "ut", password: "CANARY-password", rights } });
    test.after(() => secure.stop());
    const place = await instance({ UPLOAD_TOKEN_STORE: secure.url, UPLOAD_TOKEN_STORE_CA: secure.ca });
    const { reply } = await token(place, "alice");
    assert.notEqual(
      (await token(place, "alice", { rejected: reply.AccessKeyId })).reply.AccessKeyId,
      reply.AccessKeyId,
    );
    const { reply: video } = await post(place, "/api/upload-auth", "alice", { fileName: "a.mp4" });
    const strangers = await post(place, "/api/upload-auth", "bob", { videoId: video.videoId });
    assert.equal(strangers.status, 404, "its owner is looked up");
    assert.equal(await metric(place, "store_failures_total"), 0);
    assert.equal(await metric(place, "store_up"), 1);
    const wrong = secure.url.replace("CANARY-password", "CANARY-wrong");
    const stranger = await instance({ UPLOAD_TOKEN_STORE: wrong, UPLOAD_TOKEN_STORE_CA: secure.ca });
    const cause = async (place) => {
      await until(() => place.said("storeUnavailable").length > 0, "it says so");
      return place.said("storeUnavailable")[0].cause;
    };
    assert.match(await cause(stranger), /authentication/i);
    const unbelieving = await instance({ UPLOAD_TOKEN_STORE: secure.url });
    assert.match(await cause(unbelieving), /certificate/i);
    for (const { log } of [place, stranger, unbelieving]) assert.doesNotMatch(JSON.stringify(log), /CANARY/);
  });
});
