// JavaScript's half of the browser tests: a stand-in for the global `fetch`, and what events tell.

const realFetch = globalThis.fetch;

/** A token that lives an hour, as an AppServer sends it. */
const reply = (n) => ({
  AccessKeyId: `STS.Key${n}`,
  AccessKeySecret: "CanarySecret",
  SecurityToken: "CanaryToken",
  expiresIn: 3600,
});

/** What the JavaScript that a test is written in may use beside the globals. */
const words = { reply, realFetch, never: () => new Promise(() => {}) };

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
