// The module's platform: timers, moments at which time may have passed unseen, and questions to the world outside.
//
// In JavaScript, because it is nothing but calling the platform and waiting for promises: compiled from Rust, the same
// had ten times the size. When to ask, for what, and what an answer means is for the module to say. The platform's
// functions are looked up when they are called, so that a page, a worker, Node and a test's fake timers are all served.

/**
 * Longest delay that a platform keeps, in ms: longer ones overflow its 32 bits and fire at once. Firing early is
 * harmless; the module compares the time and arms again.
 */
const LONGEST_DELAY = 0x7fff_ffff;

/** Largest answer read, in bytes. One of STS has about 2,000. */
const LARGEST = 256 << 10;

// What is heard, in the numbers of `platform.rs`.
/** The text of an HTTP answer, or what the page's own reader made of it. */
const ANSWERED = 0;
/** What the page's function gave, as JSON. */
const GIVEN = 1;
/** The answer is larger than any that is read. */
const TOO_LARGE = 2;
/** JSON cannot carry what was given. */
const NOT_CARRIED = 3;
/** No answer came. */
const UNREACHED = 4;
/** A function of the page threw. */
const THROWN = 5;
/** No answer came in time. */
const LATE = 6;
/** The timer fired. */
const TIMEOUT = 7;
/** Time may have passed unseen: the page is visible, resumed, restored or online again. */
const WAKE = 8;

/** Events that are wakes, by the global object that fires them. */
const WAKES = { document: ["visibilitychange", "resume"], globalThis: ["pageshow", "online", "focus"] };

/** What tells of a credential's life beside the body. */
const HEADERS = ["retry-after", "date", "age", "cache-control"];

/**
 * @callback Heard
 * @param {number} what - one of the numbers above; up to LATE it is how the request `id`, `fetch` ended
 * @param {number} id
 * @param {number} fetch
 * @param {number} status
 * @param {string} text
 * @param {string} headers - a line for each that is read
 * @param {unknown} thrown
 * @returns {void}
 */

/** What one driver of the module has of its platform. */
export class Platform {
  /** @type {Heard | undefined} */
  #heard;
  /** @type {Map<string, AbortController>} */
  #out = new Map();
  /** @type {{ timer: any, at: number, set: unknown, clear(timer: unknown): void } | undefined} */
  #armed;
  #wake = () => this.#heard?.(WAKE, 0, 0, 0, "", "", undefined);

  /** A clock that nobody sets, in ms; the device's own where there is none. */
  static mono() {
    return globalThis.performance?.now() ?? Date.now();
  }

  /** @param {Heard} heard - never called from within a call of these methods */
  constructor(heard) {
    this.#heard = heard;
    this.#listen("addEventListener");
  }

  /**
   * Has TIMEOUT heard once, at `at` or sooner; never, if that is negative. Both are ms of the same clock.
   *
   * @param {number} at
   * @param {number} now
   */
  arm(at, now) {
    const armed = this.#armed;
    // One that fires sooner will do, and most calls find it so. A test may have replaced the timers since.
    if (armed && armed.at > now && armed.at <= at && armed.set === setTimeout) return;
    this.#armed = undefined;
    armed?.clear.call(undefined, armed.timer);
    if (at < 0) return;
    const delay = Math.min(at - now, LONGEST_DELAY);
    try {
      const timer = setTimeout(() => {
        this.#armed = undefined;
        this.#heard?.(TIMEOUT, 0, 0, 0, "", "", undefined);
      }, delay);
      this.#armed = { timer, at: now + delay, set: setTimeout, clear: clearTimeout };
      // In Node a timer keeps the process alive unless told otherwise.
      this.#armed.timer?.unref?.();
    } catch {
      // Then the time is compared at calls and at wakes only.
    }
  }

  /**
   * Asks. How it ended is heard in a later microtask, once, unless it was aborted.
   *
   * @param {number} id
   * @param {number} fetch
   * @param {unknown} source - an address, or a function that is told `about` what is wanted
   * @param {unknown} wishes - what the page adds to a request to the address, or a function that returns that
   * @param {object | undefined} about - without it an address is asked with a plain GET, which needs no preflight
   * @param {boolean} json - an address is sent `about` as JSON; otherwise as text, and only if there is something to say
   * @param {((value: unknown) => unknown) | undefined} map - the page's own reader, for what no other can know, such
   *   as an encrypted payload
   * @param {number} deadline - ms after which it is LATE; 0 for never
   */
  async ask(id, fetch, source, wishes, about, json, map, deadline) {
    const abort = new AbortController();
    const key = `${id} ${fetch}`;
    this.#out.set(key, abort);
    const timer = deadline > 0 ? setTimeout(() => abort.abort(), deadline) : undefined;
    const end = await ask(source, wishes, about, json, map, abort.signal);
    clearTimeout(timer);
    if (!this.#out.delete(key)) return;
    if (abort.signal.aborted) this.#heard?.(LATE, id, fetch, 0, "", "", undefined);
    else this.#heard?.(end.how, id, fetch, end.status, end.text ?? "", end.headers, end.thrown);
  }

  /**
   * Gives a request up.
   *
   * @param {number} id
   * @param {number} fetch
   */
  abort(id, fetch) {
    const key = `${id} ${fetch}`;
    const abort = this.#out.get(key);
    this.#out.delete(key);
    abort?.abort();
  }

  /** Gives everything up; nothing is heard from then on. */
  close() {
    this.#heard = undefined;
    this.#listen("removeEventListener");
    this.arm(-1, 0);
    const out = [...this.#out.values()];
    this.#out.clear();
    for (const abort of out) abort.abort();
  }

  /** @param {"addEventListener" | "removeEventListener"} method */
  #listen(method) {
    for (const [name, events] of Object.entries(WAKES)) {
      // There may be no document, or no events, as in Node.
      const target = Reflect.get(globalThis, name);
      for (const event of events) target?.[method]?.(event, this.#wake);
    }
  }
}

/**
 * One question, carried through.
 *
 * A promise that never settles would keep what waits for it for ever. So every wait ends when `signal` fires. The
 * global `queueMicrotask` is not used: a page's test may have faked it together with the timers, and every request
 * would hang until the test turns its clock.
 *
 * @param {unknown} source
 * @param {unknown} wishes
 * @param {object | undefined} about
 * @param {boolean} json
 * @param {((value: unknown) => unknown) | undefined} map
 * @param {AbortSignal} signal
 * @returns {Promise<{ how: number, status: number, text: string | undefined, headers: string, thrown: unknown }>}
 */
async function ask(source, wishes, about, json, map, signal) {
  const fired = new Promise((resolve) => signal.addEventListener("abort", resolve));
  /** @type {(value?: unknown) => Promise<any>} */
  const settled = async (value) => {
    // A race also listens to a promise that loses it, so that its rejection is not an unhandled one.
    const first = await Promise.race([value, fired]);
    if (signal.aborted) throw undefined;
    return first;
  };
  let how = THROWN;
  let status = 0;
  let headers = "";
  let text;
  let thrown;
  try {
    // A turn passes first: the page may still close its manager.
    await settled();
    /** @type {any} */
    let value;
    if (typeof source === "string") {
      const wished = typeof wishes === "function" ? await settled(wishes(about)) : wishes;
      const init = about && post(wished ?? {}, about, json);
      how = UNREACHED;
      // Not kept by a cache, and not led elsewhere by a redirect.
      value = await settled(fetch(source, { ...init, cache: "no-store", redirect: "error", signal }));
    } else {
      value = await settled(/** @type {Function} */ (source)(Object.assign(about ?? {}, { signal })));
    }
    const answered = how === UNREACHED || isResponse(value);
    if (answered) {
      how = UNREACHED;
      status = value.status;
      text = await body(value, settled);
      headers = HEADERS.map((name) => header(value.headers, name)).join("\n");
      value = parsed(text);
    }
    how = THROWN;
    const mapped = map && (!answered || (text !== undefined && status > 199 && status < 300));
    if (mapped) value = await settled(map(value));
    if (mapped || !answered) text = carried(value);
    how = answered ? ANSWERED : GIVEN;
    if (text === undefined) how = mapped || !answered ? NOT_CARRIED : TOO_LARGE;
  } catch (error) {
    thrown = error;
  }
  return { how, status, text, headers, thrown };
}

/**
 * What a request to the page's address says. A JSON content type costs a preflight, or may be refused by one.
 *
 * @param {RequestInit} wishes
 * @param {{ rejected?: string, scope?: string }} about
 * @param {boolean} json
 */
function post({ headers, credentials, body }, about, json) {
  if (json) {
    body = JSON.stringify(about);
    try {
      const set = new Headers(headers);
      set.set("content-type", "application/json");
      headers = set;
    } catch {
      // `fetch` says what is wrong with them.
    }
  } else if (body === undefined && (about.rejected || about.scope)) body = JSON.stringify(about);
  return { method: "POST", headers, credentials, body };
}

/**
 * Whether a value is a `Response`, whichever realm or polyfill it is from.
 *
 * @param {any} value
 */
function isResponse(value) {
  return typeof value?.text === "function" && typeof value.status === "number";
}

/**
 * The body of a `Response`, piece by piece where the platform has streams; `undefined` if it is too large.
 *
 * @param {any} response
 * @param {(value: unknown) => Promise<any>} settled
 * @returns {Promise<string | undefined>}
 */
async function body(response, settled) {
  const reader = response.body?.getReader?.();
  if (!reader) {
    const text = await settled(response.text());
    if (typeof text !== "string") return "";
    return text.length > LARGEST ? undefined : text;
  }
  const decoder = new TextDecoder();
  let text = "";
  let left = LARGEST;
  for (;;) {
    const { done, value } = await settled(reader.read());
    if (done || Object(value) !== value) return text + decoder.decode();
    // Its length is asked for first: whatever is no array of bytes is copied into one.
    left -= value.length;
    if (!(left >= 0)) {
      try {
        await settled(reader.cancel());
      } catch {
        // Nothing is read any more.
      }
      return undefined;
    }
    text += decoder.decode(new Uint8Array(value), { stream: true });
  }
}

/**
 * A header, if it is there and this origin may read it.
 *
 * @param {any} headers
 * @param {string} name
 * @returns {string}
 */
function header(headers, name) {
  try {
    return headers.get(name) ?? "";
  } catch {
    return "";
  }
}

/**
 * A body as a page's own reader gets it: parsed if it is JSON, or else its text.
 *
 * @param {string | undefined} text
 * @returns {unknown}
 */
function parsed(text = "") {
  try {
    return /^\s*[[{"]/.test(text) ? JSON.parse(text) : text;
  } catch {
    return text;
  }
}

/**
 * A value as JSON would carry it, so that a `Date` is its text; `undefined` for what JSON cannot carry, such as a
 * cycle or a `BigInt`.
 *
 * @param {unknown} value
 * @returns {string | undefined}
 */
function carried(value) {
  try {
    return typeof value === "string" ? value : JSON.stringify(value);
  } catch {
    return undefined;
  }
}
