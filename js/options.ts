import { invalidOption } from "./errors.js";
import { checkNames } from "./misuse.js";
import { baseAddress, isOwnSite } from "./place.js";
import { POLICY_NUMBERS } from "./policy.js";
import type { GetTokenOptions, TokenManagerOptions, TokenRequestOptions } from "./types.js";

// A manager is made before the module is loaded, so what can be told from the options alone is told here.

const KEYS: readonly string[] = [
  "source",
  "request",
  "mapReply",
  "deadline",
  "policy",
  "wasm",
] satisfies (keyof TokenManagerOptions)[];
const REQUEST_KEYS: readonly string[] = ["headers", "credentials", "body"] satisfies (keyof TokenRequestOptions)[];
const GET_TOKEN_KEYS: readonly string[] = ["minValidity", "signal", "scope"] satisfies (keyof GetTokenOptions)[];

const GET =
  "the endpoint is asked by POST; for another method source is a function: ({ signal }) => fetch(…, { signal })";
/** Names that people write who know other libraries, and what to write instead. */
const INSTEAD = {
  url: "the address is source",
  endpoint: "the address is source",
  headers: "it belongs into request: request: { headers }",
  credentials: "it belongs into request: request: { credentials }",
  withCredentials: 'it is request: { credentials: "include" }',
  body: "it belongs into request: request: { body }",
  method: GET,
  timeout: "it is deadline, in ms",
};
const INSTEAD_IN_REQUEST = { method: GET, signal: "the deadline is an option of createTokenManager" };

/** @internal The options with their defaults' place: an address or a function by itself is the source. */
export function readOptions(given: TokenManagerOptions | TokenManagerOptions["source"]): TokenManagerOptions {
  const alone = typeof given === "string" || typeof given === "function" || given instanceof URL;
  const options: TokenManagerOptions = alone ? { source: given } : given;
  if (typeof options !== "object" || options === null) {
    throw invalidOption("options", 'must be an object: createTokenManager({ source: "/api/sts" })');
  }
  checkNames(options, KEYS, { elsewhere: INSTEAD });
  const { source, request, mapReply, deadline, policy } = options;
  if (typeof source !== "function") checkUrl("source", source);
  if (request !== undefined && typeof request !== "function") checkRequest(request);
  if (request !== undefined && typeof source === "function") {
    throw invalidOption("request", "is for a source that is an address; a function makes its own requests");
  }
  if (mapReply !== undefined && typeof mapReply !== "function") throw invalidOption("mapReply", "must be a function");
  if (deadline !== undefined) checkNumber("deadline", deadline, POLICY_NUMBERS.deadline);
  if (policy !== undefined) checkPolicy(policy);
  return options;
}

/**
 * @internal What is added to a request: the option itself, or what its function returned.
 *
 * @param bodies - whether the body is the page's to give.
 */
export function checkRequest(request: TokenRequestOptions, bodies = true): TokenRequestOptions {
  const keys = bodies ? REQUEST_KEYS : REQUEST_KEYS.filter((key) => key !== "body");
  if (typeof request !== "object" || request === null) {
    const names = bodies ? "headers, credentials and body" : "headers and credentials";
    throw invalidOption("request", `must be an object with ${names}, or a function that returns one`);
  }
  checkNames(request, keys, { prefix: "request.", elsewhere: INSTEAD_IN_REQUEST });
  const { headers, credentials, body } = request;
  if (headers !== undefined) checkHeaders(headers);
  if (credentials !== undefined && !CREDENTIALS.includes(credentials)) {
    throw invalidOption("request.credentials", `must be one of ${CREDENTIALS.join(", ")}`);
  }
  if (body !== undefined && body !== null) checkBody(body);
  return request;
}

const CREDENTIALS: readonly string[] = ["omit", "same-origin", "include"];

/** Each by itself, because what the platform says of a value may quote it. */
function checkHeaders(headers: HeadersInit): void {
  if (typeof headers !== "object" || headers === null) throw invalidOption("request.headers", "must be an object");
  // Where it is missing, so is fetch, which is told when it is needed.
  if (typeof Headers === "undefined") return;
  if (Symbol.iterator in headers && (headers[Symbol.iterator]() as unknown) === headers) {
    throw invalidOption("request.headers", "can be read only once: give an object, an array or Headers");
  }
  const pairs: Iterable<readonly unknown[]> = Symbol.iterator in headers ? headers : Object.entries(headers);
  for (const pair of pairs) {
    try {
      new Headers([pair as [string, string]]);
    } catch {
      throw invalidOption(`request.headers: ${String(pair[0])}`, "is no name of a header, or has no value of one");
    }
  }
}

/** What `fetch` sends as it is, by the names of the classes: another frame has its own. */
const BODIES = ["String", "URLSearchParams", "FormData", "Blob", "File", "ArrayBuffer"];

/** `fetch` makes a text of anything else: "[object Object]". */
function checkBody(body: unknown): void {
  const kind = Object.prototype.toString.call(body).slice("[object ".length, -1);
  if (BODIES.includes(kind) || ArrayBuffer.isView(body)) return;
  const isStream = kind === "ReadableStream" || Symbol.asyncIterator in Object(body);
  const hint = isStream
    ? "a stream cannot be sent again"
    : 'for JSON: { body: JSON.stringify(…), headers: { "content-type": "application/json" } }';
  throw invalidOption("request.body", `must be a text, URLSearchParams, FormData, a Blob or bytes; ${hint}`);
}

function checkPolicy(policy: object): void {
  if (typeof policy !== "object" || policy === null) throw invalidOption("policy", "must be an object");
  checkNames(policy, Object.keys(POLICY_NUMBERS), { prefix: "policy." });
  for (const [name, value] of Object.entries(policy)) {
    const range = POLICY_NUMBERS[name as keyof typeof POLICY_NUMBERS];
    if (value !== undefined) checkNumber(`policy.${name}`, value, range);
  }
}

/** @internal */
export function checkGetToken(options: GetTokenOptions): void {
  if (typeof options === "string") {
    throw invalidOption("scope", `is given in an object: getToken({ scope: ${JSON.stringify(options)} })`);
  }
  if (typeof options !== "object" || options === null) throw invalidOption("options", "must be an object");
  checkNames(options, GET_TOKEN_KEYS);
  const { minValidity, signal, scope } = options;
  if (minValidity !== undefined && !(Number.isFinite(minValidity) && minValidity >= 0)) {
    throw invalidOption("minValidity", "must be a number of milliseconds, 0 or more");
  }
  if (signal !== undefined && typeof signal?.addEventListener !== "function") {
    throw invalidOption("signal", "must be an AbortSignal");
  }
  if (scope !== undefined) checkScope(scope);
}

/** @internal The scope in the options of what asks a manager for tokens; `others` are the rest of them. */
export function scopeIn(options: { scope?: string }, others: readonly string[] = []): string {
  if (typeof options !== "object" || options === null) throw invalidOption("options", "must be an object: { scope }");
  checkNames(options, ["scope", ...others]);
  const { scope = "" } = options;
  checkScope(scope);
  return scope;
}

/** @internal */
export function checkScope(scope: string): void {
  if (typeof scope !== "string") throw invalidOption("scope", "must be a string");
}

/** @internal */
export function checkNumber(option: string, value: number, [lowest, highest]: readonly [number, number]): void {
  if (!Number.isInteger(value) || value < lowest || value > highest) {
    // Ranges that begin at 50 or more are durations in ms: a smaller number is probably seconds.
    const seconds = lowest >= 50 && value > 0 && value < lowest && value * 1000 <= highest;
    const hint = seconds ? `; ${value} looks like seconds, and it is in ms` : "";
    throw invalidOption(option, `must be a whole number from ${lowest} to ${highest}${hint}`);
  }
}

/** @internal An address as text, and a function as it is. */
export function addressOf<F>(source: string | URL | F): string | F {
  return source instanceof URL ? source.href : source;
}

/**
 * @internal A token must not travel in the clear: https, or this device itself.
 *
 * @param used - whether it is about to be asked. A server that renders a page makes what is the page's, and asks for
 *   nothing: an address within the site is refused there only when it is used.
 */
export function checkUrl(option: string, source: unknown, used = false): void {
  if (!(source instanceof URL) && (typeof source !== "string" || source === "")) {
    throw invalidOption(option, "must be an address or a function");
  }
  const base = baseAddress();
  let url: URL;
  try {
    url = new URL(source, base);
  } catch {
    if (base !== undefined) throw invalidOption(option, "is no address");
    if (!used) return;
    throw invalidOption(option, "must be an absolute address here, or a function");
  }
  const local = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && (local || isOwnSite(url)))) {
    throw invalidOption(option, "must be an https address: a token must not travel in the clear");
  }
  if (url.username !== "" || url.password !== "") throw invalidOption(option, "must not hold a user name or password");
}
