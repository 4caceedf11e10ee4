// Starts the local cloud as a process of its own, and speaks to its control interface.
import { spawn } from "node:child_process";
import { createHash, createHmac, randomUUID } from "node:crypto";
import http from "node:http";
import path from "node:path";
import readline from "node:readline";
import { fileURLToPath } from "node:url";

import { buildAppServer } from "../../scripts/lib/app-server.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const targetDirectory = path.resolve(root, process.env.CARGO_TARGET_DIR ?? "target");

/** The long-lived key of the account that tests use. */
export const accessKey = { id: "LTAI5tTestOfLocalCloud00", secret: "LongLivedCanary4hYq0Zr1Wm2" };
/** A key of the same account that was disabled. */
export const inactiveKey = { id: "LTAI5tTestOfLocalCloud01", secret: "LongLivedCanary4hYq0Zr1Wm3" };
export const roleArn = "acs:ram::1234567890123456:role/web-upload";
export const appBucket = "web-upload-app";

/**
 * Builds and starts the cloud on a free port of loopback.
 *
 * @returns its addresses, its control interface and a way to stop it
 */
export async function startCloud() {
  await buildAppServer();
  const key = `${accessKey.id}:${accessKey.secret}`;
  const server = spawn(
    path.join(targetDirectory, "debug/local-cloud"),
    [
      "--listen-sts",
      "127.0.0.1:0",
      "--access-key",
      key,
      "--access-key",
      `${inactiveKey.id}:${inactiveKey.secret}:inactive`,
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const listening = await new Promise((resolve, reject) => {
    readline.createInterface({ input: server.stdout }).once("line", (line) => resolve(JSON.parse(line)));
    server.once("error", reject);
    server.once("exit", (code) => reject(new Error(`the cloud ended with ${code}`)));
  });
  const stop = () =>
    new Promise((resolve) => {
      server.removeAllListeners("exit");
      server.once("exit", resolve);
      server.kill();
    });
  return used({ ...listening, stop });
}

/** What tests use of a cloud at these addresses. */
export function used({ http: address, sts, stop }) {
  const port = Number(new URL(address).port);

  const control = async (method, name, body) => {
    const answer = await fetch(`${address}/__control/${name}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${name}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };

  return {
    port,
    /** Where STS answers whatever the host name. */
    sts,
    log: async (action) => (await control("GET", "log")).filter((entry) => !action || entry.action === action),
    configure: (settings) => control("POST", "config", settings),
    plan: (faults) => control("POST", "faults", faults),
    objects: () => control("GET", "objects"),
    reset: () => control("POST", "reset"),
    /** Resolves every host name to this cloud. */
    agent: () => new http.Agent({ lookup: (_host, options, done) => lookUp(options, done) }),
    stop,
  };
}

function lookUp(options, done) {
  if (options.all) done(null, [{ address: "127.0.0.1", family: 4 }]);
  else done(null, "127.0.0.1", 4);
}

/**
 * Calls VOD as the vendor's browser SDK does: GET, RPC signature, no timestamp.
 *
 * @returns `{ status, body }`
 */
export async function callVod(cloud, action, params, key, token) {
  const all = {
    AccessKeyId: key.id,
    Action: action,
    Format: "JSON",
    SignatureMethod: "HMAC-SHA1",
    SignatureNonce: randomUUID(),
    SignatureVersion: "1.0",
    Version: "2017-03-21",
    ...(token ? { SecurityToken: token } : {}),
    ...params,
  };
  const encode = (text) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const query = Object.keys(all)
    .sort()
    .map((name) => `${encode(name)}=${encode(all[name])}`)
    .join("&");
  const signature = createHmac("sha1", `${key.secret}&`)
    .update(`GET&%2F&${encode(query)}`)
    .digest("base64");
  const url = `http://vod.cn-shanghai.aliyuncs.com:${cloud.port}/?${query}&Signature=${encode(signature)}`;
  const { status, body } = await get(url, cloud.agent());
  return { status, body: JSON.parse(body) };
}

function get(url, agent) {
  return new Promise((resolve, reject) => {
    http
      .get(url, { agent }, async (answer) => {
        const chunks = await answer.toArray();
        resolve({ status: answer.statusCode, body: Buffer.concat(chunks).toString() });
      })
      .once("error", reject);
  });
}

/** An UploadAuth or UploadAddress as the object inside. */
export const unpack = (base64) => JSON.parse(Buffer.from(base64, "base64").toString());

export const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
