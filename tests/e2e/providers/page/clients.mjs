// The real clients, each with its hook of upload-token/providers; `harness` is what the tests call.
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import AwsS3 from "@uppy/aws-s3";
import Uppy from "@uppy/core";
import COS from "cos-js-sdk-v5";
import AwsS3Release5 from "uppy-aws-s3-5";

import { createTokenManager } from "../../../../dist/index.js";
import { cosAuthorization, s3Credentials, uppyCredentials } from "../../../../dist/providers.js";

const region = "oss-cn-shanghai";
const bucket = "videos";
let tokens;
let clients;
/** How many requests for a token fail from now on. */
let failing = 0;
/** What requests for a token wait for. */
let held;
const fail = () => Promise.reject(Object.assign(new Error("signed out"), { status: 401 }));

globalThis.harness = {
  /**
   * Tokens STS.1, STS.2, …, each of `life` ms.
   *
   * @param how - `skew` is how far the server's clock is ahead of this device's, in ms, which a `silent` one does not
   *   tell; the rest is policy.
   */
  make(life, { skew = 0, silent = false, ...policy } = {}) {
    let made = 0;
    globalThis.ends = {};
    const source = () => {
      const id = `STS.${++made}`;
      const now = Date.now() + skew;
      globalThis.ends[id] = performance.now() + life;
      return {
        AccessKeyId: id,
        AccessKeySecret: "a".repeat(30),
        SecurityToken: `token-${id}`,
        Expiration: new Date(now + life).toISOString(),
        ...(!silent && { ServerTime: now }),
      };
    };
    tokens = createTokenManager({
      source: async () => (await held, failing > 0 ? (failing--, fail()) : source()),
      policy,
    });
    clients = {
      s3: new S3Client({ region, endpoint: `https://${region}.aliyuncs.com`, credentials: s3Credentials(tokens) }),
      uppy: new Uppy().use(AwsS3, {
        s3Endpoint: `https://${bucket}.${region}.aliyuncs.com`,
        region,
        getCredentials: uppyCredentials(tokens, { region }),
        shouldUseMultipart: true,
        limit: 1,
      }),
      uppy5: new Uppy().use(AwsS3Release5, {
        shouldUseMultipart: false,
        getTemporarySecurityCredentials: uppyCredentials(tokens, { region: "us-east-1", bucket }),
      }),
      uppy5InParts: new Uppy().use(AwsS3Release5, {
        shouldUseMultipart: true,
        createMultipartUpload: async () => ({ uploadId: "1", key: "a.mp4" }),
        completeMultipartUpload: async () => ({ location: "https://s3.us-east-1.amazonaws.com/videos/a.mp4" }),
        getTemporarySecurityCredentials: uppyCredentials(tokens, { region: "us-east-1", bucket }),
      }),
      cos: new COS({ getAuthorization: cosAuthorization(tokens) }),
    };
  },
  async put(name, size) {
    const body = new Uint8Array(size);
    if (name === "s3") {
      await clients.s3.send(new PutObjectCommand({ Bucket: bucket, Key: "a.mp4", Body: body }));
      return "stored";
    }
    if (name === "cos") {
      const about = { Bucket: "videos-1250000000", Region: "ap-shanghai", Key: "a.mp4", Body: new Blob([body]) };
      return clients.cos.putObject(about).then(
        () => "stored",
        ({ error }) => String(error.message ?? error.Message ?? error),
      );
    }
    const uppy = clients[name];
    uppy.addFile({ name: `${crypto.randomUUID()}.mp4`, data: new Blob([body]) });
    const { failed } = await uppy.upload();
    return failed.length === 0 ? "stored" : String(failed[0].error);
  },
  /** Requests for a token fail, so many. */
  fail: (count) => (failing = count),
  /** The manager has a token again. */
  async recovered() {
    while (!tokens.peek()) await tokens.getToken().catch(() => new Promise((next) => setTimeout(next, 50)));
  },
  /** Uploads two files, and cancels the first while both wait for a token; what becomes of the second. */
  async cancelOne(name) {
    const { promise, resolve } = Promise.withResolvers();
    held = promise;
    const uppy = clients[name];
    const [first, second] = ["a", "b"].map((file) => uppy.addFile({ name: `${file}.mp4`, data: new Blob([file]) }));
    const told = new Promise((tell) => {
      uppy.on("upload-success", ({ id }) => id === second && tell("stored"));
      uppy.on("upload-error", ({ id }, error) => id === second && tell(String(error)));
    });
    void uppy.upload().catch(() => {});
    while (tokens.status().waiting === 0) await new Promise((next) => setTimeout(next, 10));
    uppy.removeFile(first);
    held = undefined;
    resolve();
    return told;
  },
  /** The time-outs that requests are given from now on, in ms. */
  timeouts() {
    const given = [];
    const { set } = Object.getOwnPropertyDescriptor(XMLHttpRequest.prototype, "timeout");
    Object.defineProperty(XMLHttpRequest.prototype, "timeout", {
      set(timeout) {
        given.push(timeout);
        set.call(this, timeout);
      },
    });
    return given;
  },
  /** The device's clock, by `ms`. */
  setBack(ms) {
    const { now } = Date;
    Date.now = () => now() - ms;
  },
  refuse: () => tokens.invalidate(tokens.peek()),
  close: () => tokens.close(),
  /** Life that a token had left when the request to `url` was sent, in ms. */
  left: (id, url) => globalThis.ends[id] - sent.get(url),
};

/** Address → when it was last asked: the test hears of a large request only when all of it has come. */
const sent = new Map();
const { fetch } = globalThis;
globalThis.fetch = (input, init) => {
  sent.set(input.url ?? String(input), performance.now());
  return fetch(input, init);
};
const { open } = XMLHttpRequest.prototype;
XMLHttpRequest.prototype.open = function (method, url, ...rest) {
  sent.set(new URL(url).href, performance.now());
  return open.call(this, method, url, ...rest);
};
