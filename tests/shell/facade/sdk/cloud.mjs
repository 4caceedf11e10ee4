// OSS in this process, with faults, and a client for it that has ali-oss's own loop over the parts of a file.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const managed = require("ali-oss-6.17/lib/browser/managed-upload.js");
const parallel = require("ali-oss-6.17/lib/common/parallel.js");

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const clouds = new Map();

/** One bucket, the UploadAuths that may write to it, and what became of it. */
export class Cloud {
  /** What the next requests run into: `{ action?, times, status, code }`, or `{ silent: true }`, an error without a code. */
  faults = [];
  /** Objects by key: `{ size, times }`. */
  objects = new Map();
  /** `{ action, key, uploadId?, number?, status }` of each request. */
  log = [];
  /** What VOD was asked, as `AccessKeyId Title`. */
  asked = [];
  #keys = new Map();
  #uploads = new Map();
  #number = 0;

  /** @param random - a number from 0 to 1. */
  constructor({ partMs = 5, authMs = () => 3, random = Math.random } = {}) {
    Object.assign(this, { partMs, authMs, random, bucket: `bucket-${clouds.size + 1}` });
    clouds.set(this.bucket, this);
  }

  /** The page's function in UploadAuth mode. `this.refuse()` says whether it fails this time. */
  uploadAuth = async ({ videoId, fileName, image }) => {
    await sleep(this.authMs());
    if (this.refuse?.()) throw new TypeError("Failed to fetch");
    const id = videoId ?? `v${++this.#number}`.padEnd(32, "0");
    const key = `sv/${id}/${fileName}`;
    const AccessKeyId = `STS.${this.bucket}.${++this.#number}`;
    this.#keys.set(AccessKeyId, key);
    const auth = { AccessKeyId, AccessKeySecret: "s", SecurityToken: "t", Expiration: "3000" };
    const address = { Endpoint: "https://oss-cn-shanghai.aliyuncs.com", Bucket: this.bucket, FileName: key };
    return { uploadAuth: encoded(auth), uploadAddress: encoded(address), [image ? "imageId" : "videoId"]: id };
  };

  async answer(request, { accessKeyId }, act) {
    this.log.push(request);
    await sleep(this.partMs * (0.5 + this.random()));
    const fault = this.#fault(request.action);
    if (fault?.silent) throw new Error("Please set the etag of expose-headers in OSS");
    if (fault) throw refusal(request, fault);
    if (this.#keys.get(accessKeyId) !== request.key) throw refusal(request, { status: 403, code: "AccessDenied" });
    const answer = act();
    request.status = 200;
    return { ...answer, res: { status: 200, headers: { etag: `"${request.number}"` } } };
  }

  #fault(action) {
    const index = this.faults.findIndex((fault) => (fault.action ?? action) === action);
    const fault = this.faults[index];
    if (fault && --fault.times <= 0) this.faults.splice(index, 1);
    return fault;
  }

  store(key, size) {
    this.objects.set(key, { size, times: (this.objects.get(key)?.times ?? 0) + 1 });
  }

  begin(key) {
    const uploadId = `U${++this.#number}`;
    this.#uploads.set(uploadId, { key, sizes: new Map() });
    return { uploadId };
  }

  parts(request) {
    const upload = this.#uploads.get(request.uploadId);
    if (!upload) throw refusal(request, { status: 404, code: "NoSuchUpload" });
    return upload.sizes;
  }

  end(request) {
    this.parts(request);
    this.#uploads.delete(request.uploadId);
  }
}

/** VOD, in the place of `fetch`: of the cloud whose bucket the address names. */
export async function vod(address) {
  const { hostname, searchParams } = new URL(address);
  const cloud = clouds.get(hostname.split(".")[0]);
  cloud.asked.push(`${searchParams.get("AccessKeyId")} ${searchParams.get("Title")}`);
  const request = { videoId: searchParams.get("VideoId") ?? undefined, fileName: searchParams.get("FileName") };
  const { videoId, uploadAuth, uploadAddress } = await cloud.uploadAuth(request);
  return Response.json({ VideoId: videoId, UploadAuth: uploadAuth, UploadAddress: uploadAddress });
}

/** What the SDK takes for ali-oss. */
export class Client {
  multipartUploadStreams = [];

  constructor(options) {
    this.options = { ...options };
    this.cloud = clouds.get(options.bucket);
  }

  put(key, file) {
    return this.#ask({ action: "PutObject", key }, (cloud) => cloud.store(key, file.size));
  }

  initMultipartUpload(key) {
    return this.#ask({ action: "InitiateMultipartUpload", key }, (cloud) => cloud.begin(key));
  }

  _uploadPart(key, uploadId, number, { size }) {
    const request = { action: "UploadPart", key, uploadId, number };
    return this.#ask(request, (cloud) => void cloud.parts(request).set(number, size));
  }

  async completeMultipartUpload(key, uploadId, parts) {
    const request = { action: "CompleteMultipartUpload", key, uploadId };
    const done = await this.#ask(request, (cloud) => {
      const sizes = cloud.parts(request);
      const size = parts.reduce((sum, { number }) => sum + sizes.get(number), 0);
      cloud.end(request);
      cloud.store(key, size);
    });
    return { ...done, bucket: this.options.bucket, name: key };
  }

  abortMultipartUpload(key, uploadId) {
    const request = { action: "AbortMultipartUpload", key, uploadId };
    return this.#ask(request, (cloud) => cloud.end(request));
  }

  _convertMetaToHeaders() {}

  #ask(request, act) {
    return this.cloud.answer(request, this.options, () => act(this.cloud));
  }
}
Object.assign(Client.prototype, managed, parallel);

function refusal(request, { status, code }) {
  Object.assign(request, { status, code });
  return Object.assign(new Error(`${code} said`), { name: `${code}Error`, code, status, requestId: "R1" });
}

const encoded = (value) => Buffer.from(JSON.stringify(value)).toString("base64");
