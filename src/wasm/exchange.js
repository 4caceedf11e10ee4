// One question to the world outside, carried through to its answer.
//
// In JavaScript, because it is nothing but waiting for promises: compiled from Rust, the same steps had ten times the
// size. What an answer means is for the module to say.

/** Largest answer read, in bytes. One of STS has about 2,000. */
const LARGEST = 256 << 10;

// How it ends, in the numbers of `exchange.rs`.
/** With the text of an HTTP answer, or with what the page's own reader made of it. */
const ANSWERED = 0;
/** With what the page's function gave, or a promise resolved to, as JSON. */
const GIVEN = 1;
/** The answer is larger than any that is read. */
const TOO_LARGE = 2;
/** JSON cannot carry what was given. */
const NOT_CARRIED = 3;
/** No answer came. */
const UNREACHED = 4;
/** A function of the page threw. */
const THROWN = 5;

/** What tells of a credential's life beside the body. */
const HEADERS = ["retry-after", "date", "age", "cache-control"];

/**
 * Asks, and calls `done` in a later microtask, once.
 *
 * A promise that never settles would keep what waits for it for ever. So every wait ends when `signal` fires; no
 * answer came then. The global `queueMicrotask` is not used: a page's test may have faked it together with the
 * timers, and every request would hang until the test turns its clock.
 *
 * @param {unknown} source - an address, a function that is told `about` what is wanted, or a promise
 * @param {unknown} wishes - what the page adds to a request to the address, or a function that returns that
 * @param {object | undefined} about - without it an address is asked with a plain GET, which needs no preflight
 * @param {boolean} json - an address is sent `about` as JSON; otherwise as text, and only if there is something to say
 * @param {((value: unknown) => unknown) | undefined} map - the page's own reader, for what no other can know, such as
 *   an encrypted payload
 * @param {AbortSignal} signal
 * @param {(end: number, status: number, text: string, headers: string, thrown: unknown) => void} done - `headers` has
 *   a line for each that is read
 */
export async function ask(source, wishes, about, json, map, signal, done) {
  const fired = new Promise((resolve) => signal.addEventListener("abort", resolve));
  /** @type {(value?: unknown) => Promise<any>} */
  const settled = async (value) => {
    // A race also listens to a promise that loses it, so that its rejection is not an unhandled one.
    const first = await Promise.race([value, fired]);
    if (signal.aborted) throw undefined;
    return first;
  };
  let end = THROWN;
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
      end = UNREACHED;
      // Not kept by a cache, and not led elsewhere by a redirect.
      value = await settled(fetch(source, { ...init, cache: "no-store", redirect: "error", signal }));
    } else {
      value = await settled(typeof source === "function" ? source(Object.assign(about ?? {}, { signal })) : source);
    }
    const answered = end === UNREACHED || isResponse(value);
    if (answered) {
      end = UNREACHED;
      status = value.status;
      text = await body(value, settled);
      headers = HEADERS.map((name) => header(value.headers, name)).join("\n");
      value = parsed(text);
    }
    end = THROWN;
    const mapped = map && (!answered || (text !== undefined && status > 199 && status < 300));
    if (mapped) value = await settled(map(value));
    if (mapped || !answered) text = carried(value);
    end = answered ? ANSWERED : GIVEN;
    if (text === undefined) end = mapped || !answered ? NOT_CARRIED : TOO_LARGE;
  } catch (error) {
    thrown = error;
  }
  if (signal.aborted) done(UNREACHED, 0, "", "", undefined);
  else done(end, status, text ?? "", headers, thrown);
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
