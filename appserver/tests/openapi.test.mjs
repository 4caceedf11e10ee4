// docs/appserver.openapi.yaml, held to what the reference really answers: nothing undescribed, nothing described in vain.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import http from "node:http";
import { join } from "node:path";
import { after, before, it } from "node:test";

import { Validator } from "@seriousme/openapi-schema-validator";
import Ajv from "ajv/dist/2020.js";
import YAML from "yaml";

import { accessKey, roleArn, startCloud } from "../../localcloud/tests/cloud.mjs";
import { startProgram } from "../../scripts/lib/app-server.mjs";
import { root } from "../../scripts/lib/run.mjs";

const KEY = "0123456789abcdef0123456789abcdef";
/** The body of ten seconds that brings it about is a test of the AppServer's own. */
const NOT_PROVOKED = ["408"];
/** Seen answers: path, status, headers and body; and requests that were granted. */
const answers = [];
const granted = [];
const servers = {};
let description, cloud;

before(async () => {
  description = YAML.parse(await readFile(join(root, "docs/appserver.openapi.yaml"), "utf8"));
  cloud = await startCloud();
  const env = {
    ALIBABA_CLOUD_ACCESS_KEY_ID: accessKey.id,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKey.secret,
    ALIBABA_CLOUD_ROLE_ARN: roleArn,
    UPLOAD_TOKEN_AUTH: "proxy-header:X-User",
    UPLOAD_TOKEN_ENDPOINTS: "sts,upload-auth",
    UPLOAD_TOKEN_PUBLIC_ORIGINS: "https://www.example.com",
    UPLOAD_TOKEN_STS_ENDPOINT: cloud.sts,
    UPLOAD_TOKEN_TICKET_KEYS: KEY,
    UPLOAD_TOKEN_VOD_ENDPOINT: `http://127.0.0.1:${cloud.port}/__cloud/vod.cn-shanghai.aliyuncs.com`,
    UPLOAD_TOKEN_VOD_EXTENSIONS: "mp4,png,vtt",
  };
  const start = (more = {}) => startProgram(["--listen", "127.0.0.1:0"], { env: { ...env, ...more } });
  const jwt = { UPLOAD_TOKEN_AUTH: "jwt", UPLOAD_TOKEN_JWT_ISSUER: "x", UPLOAD_TOKEN_JWT_AUDIENCE: "x" };
  servers.usual = await start();
  servers.strict = await start({ UPLOAD_TOKEN_REQUESTS_PER_MINUTE: "1", UPLOAD_TOKEN_UPLOADS_PER_MINUTE: "1" });
  servers.lost = await start({ ...jwt, UPLOAD_TOKEN_JWT_KEYS_URL: "http://127.0.0.1:9/keys" });
  servers.neither = await start({ UPLOAD_TOKEN_ENDPOINTS: "sts" });
  servers.noSts = await start({ UPLOAD_TOKEN_ENDPOINTS: "upload-auth" });
  await provoke();
});
after(async () => {
  await Promise.all(Object.values(servers).map((server) => server.stop()));
  await cloud?.stop();
});

const PATHS = { "/api/sts": {}, "/api/upload-auth": { fileName: "a.mp4" } };

/** Asks for everything that the description knows. */
async function provoke() {
  const videos = [{ fileName: "a.mp4", title: "t", fileSize: 1024, description: "d", tags: ["a", "b"] }];
  for (const fields of [...videos, { image: { imageType: "default", imageExt: "png" } }])
    await ask("/api/upload-auth", fields);
  await ask("/api/upload-auth", { attachedMedia: { businessType: "subtitle", mediaExt: "vtt" } });
  const { videoId, ticket } = (await ask("/api/upload-auth", { fileName: "b.mp4" })).body;
  await ask("/api/upload-auth", { videoId, ticket });
  await ask("/api/upload-auth", { videoId, ticket: null }, { user: "mallory" });
  const { AccessKeyId } = (await ask("/api/sts", { scope: "s", rejected: null })).body;
  await ask("/api/sts", { scope: "s", rejected: AccessKeyId });
  await ask("/api/upload-auth", { fileName: "a.exe" });
  for (const [path, fields] of Object.entries(PATHS)) {
    for (const body of ["[]", '{"scope":7,"fileName":7}']) await ask(path, body);
    await ask(path, fields, { user: "" });
    await ask(path, fields, { headers: { origin: "https://evil.example" } });
    await ask(path, fields, { method: "GET" });
    await ask(path, "x".repeat(70_000));
    await ask(path, fields, { headers: { host: "evil.example" } });
    for (let twice = 0; twice < 2; twice++) await ask(path, fields, { server: "strict" });
    const unsigned = ["eyJhbGciOiJSUzI1NiJ9", "e30", "AA"].join(".");
    await ask(path, fields, { server: "lost", headers: { authorization: `Bearer ${unsigned}` } });
    // Each a user of its own: no token in a cache hides that the cloud fails.
    for (const fault of [
      { status: 400, code: "Throttling.User" },
      { status: 403, code: "NoPermission" },
      { status: 500, code: "InternalError" },
    ]) {
      await cloud.plan({ service: "sts", action: "AssumeRole", ...fault });
      await ask(path, fields, { user: `${path}${JSON.stringify(fault)}`.replace(/\W/g, "") });
    }
  }
  await cloud.plan({ service: "sts", action: "AssumeRole", hang: true, times: 2 });
  const slow = Object.entries(PATHS).map(([path, fields]) => ask(path, fields, { user: `slow${path.length}` }));
  await Promise.all(slow);
  await ask("/api/sts", {}, { server: "noSts" });
  await ask("/api/upload-auth", PATHS["/api/upload-auth"], { server: "neither" });
}

function ask(path, fields, { server = "usual", user = "alice", method = "POST", headers = {} } = {}) {
  const text = typeof fields === "string" ? fields : JSON.stringify(fields);
  const url = new URL(path, servers[server].http);
  const length = method !== "GET" && { "content-length": Buffer.byteLength(text) };
  const all = { ...(user && { "x-user": user }), ...headers, ...length };
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, headers: all, agent: false }, async (response) => {
      const body = JSON.parse(Buffer.concat(await response.toArray()).toString());
      const answer = { path, status: String(response.statusCode), headers: response.headers, body };
      answers.push(answer);
      if (response.statusCode === 200) granted.push({ path, fields });
      resolve(answer);
    });
    request.once("error", reject).end(method === "GET" ? undefined : text);
  });
}

/** A schema of the description, and a function that says what is wrong with a value. */
function checker() {
  const ajv = new Ajv({ strict: false, allErrors: true, schemas: { api: description } });
  return (pointer, value) => {
    const check = ajv.getSchema(`api#${pointer}`) ?? ajv.compile({ $ref: `api#${pointer}` });
    return check(value) ? [] : check.errors.map((error) => `${error.instancePath} ${error.message}`);
  };
}

/** What `node` is, or refers to, and where that stands. */
function resolve(pointer) {
  const at = (pointer) =>
    pointer
      .split("/")
      .slice(1)
      .reduce((node, step) => node[step.replaceAll("~1", "/").replaceAll("~0", "~")], description);
  const node = at(pointer);
  return node.$ref ? resolve(node.$ref.slice(1)) : { node, pointer };
}

const step = (text) => text.replaceAll("~", "~0").replaceAll("/", "~1");
const responsesOf = (path) => `/paths/${step(path)}/post/responses`;

it("is OpenAPI", async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone(description));
  assert.ok(valid, JSON.stringify(errors, null, 1));
  assert.equal(validator.version, "3.1");
});

it("describes each answer of the reference, its headers and its members", () => {
  const wrong = checker();
  for (const { path, status, headers, body } of answers) {
    const what = `${path} ${status} ${JSON.stringify(body)}`;
    assert.ok(resolve(responsesOf(path)).node[status], `${what}: this status is not described`);
    const response = resolve(`${responsesOf(path)}/${status}`);
    for (const name of Object.keys(response.node.headers)) {
      const value = headers[name.toLowerCase()];
      const header = resolve(`${response.pointer}/headers/${step(name)}`);
      assert.deepEqual(wrong(`${header.pointer}/schema`, value), [], `${what}: ${name}: ${value}`);
    }
    const schema = `${response.pointer}/content/application~1json/schema`;
    assert.deepEqual(wrong(schema, body), [], what);
    const known = members(schema);
    for (const member of Object.keys(body)) assert.ok(known.has(member), `${what}: ${member} is not described`);
    if (status !== "200") assert.equal(String(body.StatusCode), status, what);
    if (body.RetryAfterSeconds) assert.equal(headers["retry-after"], String(body.RetryAfterSeconds));
  }
});

it("describes each request that was granted", () => {
  const wrong = checker();
  for (const { path, fields } of granted) {
    const schema = `/paths/${step(path)}/post/requestBody/content/application~1json/schema`;
    assert.deepEqual(wrong(schema, fields), [], JSON.stringify(fields));
    const known = members(schema);
    for (const member of Object.keys(fields)) assert.ok(known.has(member), `${member} is not described`);
  }
});

it("describes no path, status or member that the reference never answers", () => {
  assert.deepEqual(Object.keys(description.paths), Object.keys(PATHS));
  for (const path of Object.keys(PATHS)) {
    const own = answers.filter((answer) => answer.path === path);
    const statuses = new Set(own.map(({ status }) => status));
    const described = Object.keys(resolve(responsesOf(path)).node).filter((status) => !NOT_PROVOKED.includes(status));
    assert.deepEqual([...statuses].sort(), described.sort());
    const seen = new Set(own.filter(({ status }) => status === "200").flatMap(({ body }) => Object.keys(body)));
    const schema = `${resolve(`${responsesOf(path)}/200`).pointer}/content/application~1json/schema`;
    assert.deepEqual([...seen].sort(), [...members(schema)].sort());
  }
});

/** Names of the members that the schema at `pointer` knows. */
function members(pointer) {
  const { node, pointer: at } = resolve(pointer);
  const all = (node.allOf ?? []).flatMap((_, index) => [...members(`${at}/allOf/${index}`)]);
  return new Set([...all, ...Object.keys(node.properties ?? {})]);
}
