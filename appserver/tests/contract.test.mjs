// `npm test -- appserver` runs this folder.
//
// Every AppServer here keeps the contract; `npm run contract -- URL` tries one of yours.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import path from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

import { accessKey, roleArn, startCloud } from "../../localcloud/tests/cloud.mjs";
import { contract } from "../../scripts/contract.mjs";
import { buildAppServer } from "../../scripts/lib/app-server.mjs";
import { checksFor } from "./contract.mjs";
import { ensurePython } from "./python.mjs";
import { requestAsIs } from "./requests.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const binary = path.join(root, process.env.CARGO_TARGET_DIR ?? "target", "debug/upload-token-appserver");
const TICKET_KEY = "0123456789abcdef0123456789abcdef";
const BURST = 30;
const running = {};
let cloud;

before(async () => {
  await buildAppServer();
  cloud = await startCloud();
  const account = {
    ALIBABA_CLOUD_ACCESS_KEY_ID: accessKey.id,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKey.secret,
    ALIBABA_CLOUD_ROLE_ARN: roleArn,
  };
  const vod = `http://127.0.0.1:${cloud.port}/__cloud/vod.cn-shanghai.aliyuncs.com`;
  const sample = {
    ...account,
    PORT: "0",
    HOSTS: "www.example.com, Example.com",
    STS_ENDPOINT: new URL(cloud.sts).host,
    STS_PROTOCOL: "http",
  };
  const listen = ["--listen", "127.0.0.1:0"];
  running.demo = await start(binary, ["--local-cloud", ...listen], {});
  running.rust = await start(binary, listen, {
    ...account,
    UPLOAD_TOKEN_AUTH: "proxy-header:X-User",
    UPLOAD_TOKEN_ENDPOINTS: "sts,upload-auth",
    UPLOAD_TOKEN_TICKET_KEYS: TICKET_KEY,
    UPLOAD_TOKEN_REQUESTS_PER_MINUTE: String(BURST),
    UPLOAD_TOKEN_STS_ENDPOINT: cloud.sts,
    UPLOAD_TOKEN_VOD_ENDPOINT: vod,
  });
  running.node = await start(process.execPath, [path.join(root, "appserver/examples/node-server.mjs")], {
    ...sample,
    ENDPOINTS: "sts,upload-auth",
    TICKET_KEY,
    VOD_ENDPOINT: vod,
  });
  const python = await ensurePython();
  running.python = await start(python, [path.join(root, "appserver/examples/python_server.py")], sample);
});
after(async () => {
  await Promise.all(Object.values(running).map((server) => server.stop()));
  await cloud?.stop();
});

const user = { "x-user": "alice" };
const other = { "x-user": "bob" };
const plan = (fault) => cloud.plan(fault);
const signedIn = { user, other, userHeader: "x-user", burst: BURST, caches: true, plan };
const SERVERS = {
  demo: ["the AppServer with the local cloud", { anyHost: true }],
  rust: ["the AppServer with an account", signedIn],
  node: ["the sample on Node", signedIn],
  python: ["the sample on Python", { ...signedIn, uploadAuth: "" }],
};

for (const [name, [title, server]] of Object.entries(SERVERS)) {
  describe(title, () => {
    for (const { path, right } of checksFor({ url: "", ...server })) {
      it(`POST ${path} ${right}`, async () => {
        const checks = checksFor({ url: running[name].url, ...server });
        await checks.find((check) => check.path === path && check.right === right).run();
      });
    }
  });
}

describe("HOSTS of the samples", () => {
  for (const name of ["node", "python"]) {
    it(`names each name of the site, on ${name}`, async () => {
      const statusUnder = async (host) => {
        const { status } = await requestAsIs(`${running[name].url}/api/sts`, { "x-user": "dora", host });
        return status;
      };
      assert.equal(await statusUnder("www.example.com"), 200);
      assert.equal(await statusUnder("example.com:8443"), 200);
      assert.equal(await statusUnder("example.org"), 421);
    });
  }
});

describe("npm run contract", () => {
  it("says what is right, what is wrong, and what a page suffers", async (test) => {
    // The official sample: no method, no user, no expiry, open to everybody.
    const sample = createServer((request, response) => {
      response.setHeader("Access-Control-Allow-Origin", "*");
      response.end(JSON.stringify({ AccessKeyId: "STS.x", AccessKeySecret: "s", SecurityToken: "t" }));
    });
    await new Promise((resolve) => sample.listen(0, "127.0.0.1", resolve));
    test.after(() => sample.close());
    const lines = [];
    const url = `http://127.0.0.1:${sample.address().port}`;
    const server = { url, user, other, userHeader: "x-user", burst: BURST, uploadAuth: "" };
    const failed = await contract(server, (line) => lines.push(line));
    const report = lines.join("\n");
    assert.ok(failed >= 10, report);
    assert.match(
      report,
      /WRONG {2}POST \/api\/sts refuses whoever is not signed in\n.*\n.*so: anybody on the internet/,
    );
    for (const right of [
      "answers POST only",
      "is not asked under a name that is not its own",
      "reads a body that comes in chunks",
      "refuses a request that names two users",
      "lets each user ask only so often",
    ])
      assert.ok(report.includes(`WRONG  POST /api/sts ${right}`), report);
    assert.ok(report.includes("is: Host: rebound.example was answered with 200"), report);
    assert.ok(report.includes(`is: more than ${BURST} requests at once were answered`), report);
  });

  it("finds nothing wrong with the reference", async () => {
    const lines = [];
    // Somebody whose requests are not used up.
    const server = { url: running.rust.url, user: { "x-user": "carol" }, userHeader: "x-user" };
    const failed = await contract(server, (line) => lines.push(line));
    const report = lines.join("\n");
    assert.equal(failed, 0, report);
    assert.match(report, /not tried: how often/);
  });
});

/** Starts a server that says where it listens, and nothing else of this environment. */
async function start(program, args, variables) {
  const child = spawn(program, args, {
    env: { PATH: process.env.PATH, ...variables },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const line = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", resolve);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${program} ended with ${code}`)));
  });
  const stop = () =>
    new Promise((resolve) => {
      child.removeAllListeners("exit").once("exit", resolve);
      child.kill();
    });
  return { url: JSON.parse(line).http, stop };
}
