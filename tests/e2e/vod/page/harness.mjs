// What the tests do in a page: make an uploader, give it files, record everything that happens.
import { createTokenManager, isUploadTokenError } from "/dist/index.js";
import { createVodUploader } from "/dist/vod.js";

import { PART } from "../../support/parts.mjs";
import { documented } from "./documented.mjs";

const CALLBACKS = [
  "addFileSuccess",
  "onUploadstarted",
  "onUploadSucceed",
  "onUploadFailed",
  "onUploadProgress",
  "onUploadCanceled",
  "onUploadTokenExpired",
  "onUploadEnd",
];

class Harness {
  constructor(Vod) {
    this.Vod = Vod;
    this.calls = [];
    this.events = [];
    /** What the SDK's own methods threw at the page that called them. */
    this.errors = [];
    /** The files that callbacks were given. */
    this.infos = [];
    this.files = new Map();
  }

  /** Our integration. `source`, `policy` and `deadline` are the manager's; the rest is the adapter's. */
  ours({ source = "/api/sts", policy, tokens, callbacks = "all", answers = false, ...options } = {}) {
    this.tokens = tokens === null ? null : (this.given ?? createTokenManager({ source, ...(policy && { policy }) }));
    for (const event of ["token", "refreshFailed", "expired", "rejected", "warning"]) {
      this.tokens?.on(event, (detail) => this.events.push({ of: "tokens", type: event, ...plain(detail) }));
    }
    const onTokenEvent = ({ info, ...detail }) =>
      this.events.push({ of: "vod", file: info?.file.name, ...plain(detail) });
    const own = { userId: "1", partSize: PART, ...this.#callbacks(callbacks), onTokenEvent, ...options };
    const make = (Vod, options) => createVodUploader(Vod, this.tokens, options);
    // A page may have kept the answers that the vendor documents.
    this.uploader = answers ? documented(this.Vod, own, make) : make(this.Vod, own);
  }

  /** Takes a token manager that a page has made and kept. */
  use(tokens) {
    this.given = tokens;
  }

  /** Makes the SDK one whose private members `names` nobody outside can see, as if a build had renamed them. */
  hide(names) {
    const Real = this.Vod;
    const hidden = (name) => names.includes(name);
    const handler = {
      get: (real, name) => {
        const value = hidden(name) ? undefined : real[name];
        return typeof value === "function" ? value.bind(real) : value;
      },
      set: (real, name, value) => hidden(name) || Reflect.set(real, name, value),
      has: (real, name) => !hidden(name) && name in real,
    };
    this.Vod = function (options) {
      return new Proxy(new Real(options), handler);
    };
  }

  /** The vendor's documented integration. */
  documented({ callbacks = "all", ...options } = {}) {
    this.uploader = documented(this.Vod, { userId: "1", partSize: PART, ...this.#callbacks(callbacks), ...options });
  }

  /** `all` record what they are told; `none` is an integration without callbacks; `throw` record and then throw. */
  #callbacks(kind) {
    this.silent = kind === "none";
    if (this.silent) return {};
    const record =
      (name) =>
      (info, ...args) => {
        const call = { name, file: info?.file?.name, args: args.map(plain), at: performance.now(), state: info?.state };
        this.calls.push(call);
        if (info) this.infos.push(info);
        if (kind === "throw") throw new Error(`thrown by the page's ${name}`);
      };
    return Object.fromEntries(CALLBACKS.map((name) => [name, record(name)]));
  }

  /** Adds a file whose bytes follow from its name and size; resolves with its SHA-256. */
  async add(name, size, { type = "video/mp4", paramData, endpoint = null, bucket = null, object = null } = {}) {
    const file = makeFile(name, size, type);
    this.files.set(name, file);
    const data = paramData === undefined ? JSON.stringify({ Vod: { Title: name } }) : paramData;
    this.uploader.addFile(file, endpoint, bucket, object, data);
    return hex(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  }

  /** The SDK's list, also where a test keeps it from giving it. */
  #list() {
    return this.uploader._uploadList ?? this.uploader.listFiles();
  }

  info(name) {
    return this.#list().find(({ file }) => file.name === name);
  }

  start() {
    this.uploader.startUpload();
  }

  /**
   * Resolves when every file named has ended as often as `times`, or after `ms`, or when nothing was heard of the SDK
   * for `quiet`; never rejects.
   */
  async ended(names, ms, times = 1, quiet = Infinity) {
    const ends = (name) => (this.silent ? Number(this.info(name)?.state === "Success") : this.#ends(name).length);
    const from = performance.now();
    const heard = () => performance.now() - Math.max(from, this.calls.at(-1)?.at ?? 0) < quiet;
    while (performance.now() < from + ms && heard() && names.some((name) => ends(name) < times)) await sleep(50);
    // Late consequences of an end must show, too.
    await sleep(300);
    return this.report(names);
  }

  #ends(name) {
    return this.calls.filter((call) => call.file === name && /Succeed|Failed/.test(call.name));
  }

  report(names) {
    const of = (name) => this.#ends(name);
    return {
      ends: Object.fromEntries(
        names.map((name) => [
          name,
          of(name).map(({ name: call, args }) => [call.replace("onUpload", ""), args[0]].filter(Boolean).join(" ")),
        ]),
      ),
      calls: this.calls.map(({ name, file }) => `${name} ${file ?? ""}`.trim()),
      events: this.events,
      errors: this.errors,
      uploader: this.uploader._state,
      states: this.#list().map(({ file, state, videoId, imageId }) => ({ name: file.name, state, videoId, imageId })),
    };
  }
}

/** What can leave the page: errors as their code, files and functions left out. */
function plain(value) {
  if (isUploadTokenError(value)) return { code: value.code, status: value.status, serverCode: value.serverCode };
  if (value instanceof Error) return { message: value.message, code: value.code };
  if (typeof value !== "object" || value === null) return typeof value === "function" ? undefined : value;
  if (value instanceof File) return value.name;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, typeof member === "object" ? plain(member) : member]),
  );
}

function makeFile(name, size, type) {
  const bytes = new Uint8Array(size);
  let state = [...name].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) >>> 0, size >>> 0) || 1;
  for (let at = 0; at < size; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state;
  }
  return new File([bytes], name, { type, lastModified: 1_700_000_000_000 });
}

function hex(buffer) {
  return [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

window.harness = new Harness(window.AliyunUpload.Vod);
