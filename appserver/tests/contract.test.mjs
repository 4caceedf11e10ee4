// `npm test -- appserver` runs this folder.
//
// Every AppServer here keeps the contract; or the one that APP_SERVER_URL names:
//
//   APP_SERVER_URL=https://www.example.com APP_SERVER_HEADERS='{"cookie":"session=…"}' \
//     node --test appserver/tests/contract.test.mjs
//
// APP_SERVER_STS_PATH and APP_SERVER_UPLOAD_AUTH_PATH name other paths than /api/sts and
// /api/upload-auth; an empty APP_SERVER_UPLOAD_AUTH_PATH says that there is no such endpoint.
import { execFileSync, spawn } from "node:child_process";
import path from "node:path";
import { after, before } from "node:test";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { accessKey, roleArn, startCloud } from "../../localcloud/tests/cloud.mjs";
import { stsContract, uploadAuthContract } from "./contract.mjs";

const { APP_SERVER_URL, APP_SERVER_HEADERS, APP_SERVER_UPLOAD_AUTH_PATH } = process.env;

if (APP_SERVER_URL) {
  const server = {
    url: () => APP_SERVER_URL.replace(/\/$/, ""),
    user: APP_SERVER_HEADERS && JSON.parse(APP_SERVER_HEADERS),
  };
  stsContract(APP_SERVER_URL, server);
  if (APP_SERVER_UPLOAD_AUTH_PATH !== "") uploadAuthContract(APP_SERVER_URL, server);
} else {
  const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
  const binary = path.join(root, process.env.CARGO_TARGET_DIR ?? "target", "debug/upload-token-appserver");
  const running = {};
  let cloud;

  before(async () => {
    const build = ["build", "--quiet", "--package", "upload-token-appserver"];
    execFileSync("cargo", build, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
    cloud = await startCloud();
    const account = {
      ALIBABA_CLOUD_ACCESS_KEY_ID: accessKey.id,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKey.secret,
      ALIBABA_CLOUD_ROLE_ARN: roleArn,
    };
    const listen = ["--listen", "127.0.0.1:0"];
    running.demo = await start(binary, ["--local-cloud", ...listen], {});
    running.rust = await start(binary, listen, {
      ...account,
      UPLOAD_TOKEN_AUTH: "proxy-header:X-User",
      UPLOAD_TOKEN_ENDPOINTS: "sts,upload-auth",
      UPLOAD_TOKEN_TICKET_KEYS: "0123456789abcdef0123456789abcdef",
      UPLOAD_TOKEN_REFUSALS_PER_MINUTE: "1000",
      UPLOAD_TOKEN_REQUESTS_PER_MINUTE: "1000",
      UPLOAD_TOKEN_STS_ENDPOINT: cloud.sts,
      UPLOAD_TOKEN_VOD_ENDPOINT: `http://127.0.0.1:${cloud.port}/__cloud/vod.cn-shanghai.aliyuncs.com`,
    });
    running.node = await start(process.execPath, [path.join(root, "appserver/examples/node-server.mjs")], {
      ...account,
      PORT: "0",
      STS_ENDPOINT: new URL(cloud.sts).host,
      STS_PROTOCOL: "http",
    });
  });
  after(async () => {
    await Promise.all(Object.values(running).map((server) => server.stop()));
    await cloud?.stop();
  });

  const user = { "x-user": "alice" };
  const plan = (fault) => cloud.plan(fault);
  const demo = { url: () => running.demo.url };
  const rust = { url: () => running.rust.url, user, plan };
  stsContract("the AppServer with the local cloud", demo);
  uploadAuthContract("the AppServer with the local cloud", demo);
  stsContract("the AppServer with an account", rust);
  uploadAuthContract("the AppServer with an account", rust);
  stsContract("the sample on Node", { url: () => running.node.url, user, plan });
}

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
