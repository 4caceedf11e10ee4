// JavaScript's half of the browser tests: a stand-in for the global `fetch`, and what events tell.

const realFetch = globalThis.fetch;

/** A token that lives an hour, as an AppServer sends it. */
const reply = (n) => ({
  AccessKeyId: `STS.Key${n}`,
  AccessKeySecret: "CanarySecret",
  SecurityToken: "CanaryToken",
  expiresIn: 3600,
});

const base64 = (value) => btoa(JSON.stringify(value));

/** An UploadAuth for video `n` that lives `life` ms, as VOD sends it. */
const uploadAuth = (n, life = 3_000_000) => ({
  RequestId: `request${n}`,
  VideoId: "video1",
  UploadAddress: base64({ Endpoint: "https://oss.test", Bucket: "outin", FileName: "sv/1.mp4" }),
  UploadAuth: base64({
    AccessKeyId: `STS.Auth${n}`,
    AccessKeySecret: "CanaryAuthSecret",
    SecurityToken: "CanaryAuthToken",
    ExpireUTCTime: new Date(Date.now() + life).toISOString(),
    Expiration: String(life / 1000),
  }),
});

/** What the JavaScript that a test is written in may use beside the globals. */
const words = { reply, uploadAuth, realFetch, never: () => new Promise(() => {}) };

/** The value of a JavaScript expression. */
export function js(expression) {
  return new Function(...Object.keys(words), `return (${expression});`)(...Object.values(words));
}

/** Replaces the global `fetch` by a function `(init, n, url) => answer`, `n` counted from 1. */
export class AppServer {
  constructor(answer) {
    this.calls = [];
    const respond = js(answer);
    globalThis.fetch = async (url, init) => respond(init, this.calls.push({ url, ...init }), url);
  }

  restore() {
    globalThis.fetch = realFetch;
  }
}

/** The callers of a token manager, as js/waiter.ts has them. */
export class Callers {
  #waiting = new Map();
  #last = 0;
  order = [];

  host(listener) {
    const settle = (how) => (waiter, value) => {
      this.order.push(`${how}d ${value.accessKeyId}`);
      this.#waiting.get(waiter)?.[how](value);
      this.#waiting.delete(waiter);
    };
    return { resolve: settle("resolve"), reject: settle("reject"), event: listener };
  }

  promise(ask) {
    return new Promise((resolve, reject) => {
      this.#waiting.set(++this.#last, { resolve, reject });
      ask(this.#last);
    });
  }
}

/** The vendor's SDK at one file, as the adapter shows it to the module. */
export class Sdk {
  calls = [];
  seen = { current: true, file: "Ready", uploader: "Start" };
  /** What it says to a credential. */
  says = { taken: true };

  look() {
    return { ...this.seen };
  }

  deliver(delivery) {
    this.calls.push(["deliver", delivery]);
    if (this.says?.taken) this.seen.file = "Uploading";
    return this.says;
  }

  swap(file, credential) {
    this.calls.push(["swap", credential]);
    return true;
  }

  requeue(file, forget) {
    this.calls.push(["requeue", { forget }]);
  }

  fail(file, failure) {
    this.calls.push(["fail", failure]);
    this.seen.file = "Failure";
  }

  hold(busy) {
    this.calls.push(["hold", busy]);
  }

  event(file, name, detail) {
    this.calls.push([name, detail]);
  }
}

/** Replaces `setTimeout`, whose calls are kept and never happen. `handle` is what it returns. */
export class Timers {
  #real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };

  constructor(handle) {
    this.delays = [];
    this.handlers = [];
    this.cleared = [];
    globalThis.setTimeout = (handler, delay) => {
      if (handle === null) throw new RangeError("no timers today");
      this.handlers.push(handler);
      this.delays.push(delay);
      return handle;
    };
    globalThis.clearTimeout = (cleared) => this.cleared.push(cleared);
  }

  restore() {
    Object.assign(globalThis, this.#real);
  }
}

/** Resolves after `span` ms. */
export function sleep(span) {
  return new Promise((resolve) => setTimeout(resolve, span));
}

/** Dispatches an event of the platform on the object that would fire it; false if there is none here. */
export function fire(target, event) {
  const object = target === "" ? globalThis : globalThis[target];
  return object ? object.dispatchEvent(new Event(event)) : false;
}
