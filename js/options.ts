import { invalidOption } from "./errors.js";
import { POLICY_NUMBERS } from "./policy.js";
import type { GetTokenOptions, TokenManagerOptions } from "./types.js";

// A manager is made before the module is loaded, so what can be told from the options alone is told here.

const KEYS: readonly string[] = [
  "source",
  "request",
  "mapReply",
  "deadline",
  "policy",
  "wasm",
] satisfies (keyof TokenManagerOptions)[];

/** @internal */
export function checkOptions(options: TokenManagerOptions): void {
  if (typeof options !== "object" || options === null) throw new TypeError("options must be an object");
  for (const key of Object.keys(options)) {
    if (!KEYS.includes(key)) throw invalidOption(key, `is not an option; there are ${KEYS.join(", ")}`);
  }
  const { source, request, mapReply, deadline, policy } = options;
  if (typeof source !== "function") checkUrl("source", source);
  if (request !== undefined && typeof request !== "function" && (typeof request !== "object" || request === null)) {
    throw invalidOption(
      "request",
      "must be an object with headers, credentials and body, or a function that returns one",
    );
  }
  if (request !== undefined && typeof source === "function") {
    throw invalidOption("request", "is for a source that is an address; a function makes its own requests");
  }
  if (mapReply !== undefined && typeof mapReply !== "function") throw invalidOption("mapReply", "must be a function");
  if (deadline !== undefined) checkNumber("deadline", deadline, POLICY_NUMBERS.deadline);
  if (policy === undefined) return;
  if (typeof policy !== "object" || policy === null) throw invalidOption("policy", "must be an object");
  for (const [name, value] of Object.entries(policy)) {
    const range = Object.hasOwn(POLICY_NUMBERS, name) ? POLICY_NUMBERS[name as keyof typeof POLICY_NUMBERS] : undefined;
    if (!range)
      throw invalidOption(
        `policy.${name}`,
        `is not a number of the policy; there are ${Object.keys(POLICY_NUMBERS).join(", ")}`,
      );
    if (value !== undefined) checkNumber(`policy.${name}`, value, range);
  }
}

/** @internal */
export function checkGetToken({ minValidity, signal, scope }: GetTokenOptions): void {
  if (minValidity !== undefined && !(Number.isFinite(minValidity) && minValidity >= 0)) {
    throw invalidOption("minValidity", "must be a number of milliseconds, 0 or more");
  }
  if (signal !== undefined && typeof signal?.addEventListener !== "function") {
    throw invalidOption("signal", "must be an AbortSignal");
  }
  if (scope !== undefined) checkScope(scope);
}

/** @internal */
export function checkScope(scope: string): void {
  if (typeof scope !== "string") throw invalidOption("scope", "must be a string");
}

function checkNumber(option: string, value: number, [lowest, highest]: readonly [number, number]): void {
  if (!Number.isInteger(value) || value < lowest || value > highest) {
    throw invalidOption(option, `must be a whole number from ${lowest} to ${highest}`);
  }
}

/** @internal An address as text, and a function as it is. */
export function addressOf<F>(source: string | URL | F): string | F {
  return source instanceof URL ? source.href : source;
}

/** @internal A token must not travel in the clear: https, or this device itself. */
export function checkUrl(option: string, source: unknown): void {
  if (!(source instanceof URL) && (typeof source !== "string" || source === "")) {
    throw invalidOption(option, "must be an address or a function");
  }
  const base = (globalThis as { location?: { href: string } }).location?.href;
  let url: URL;
  try {
    url = base === undefined || base === "about:blank" ? new URL(source) : new URL(source, base);
  } catch {
    throw invalidOption(
      option,
      base === undefined ? "must be an absolute address here, or a function" : "is no address",
    );
  }
  const local = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  const own = base !== undefined && new URL(base).origin === url.origin;
  if (url.protocol !== "https:" && !(url.protocol === "http:" && (local || own))) {
    throw invalidOption(option, "must be an https address: a token must not travel in the clear");
  }
  if (url.username !== "" || url.password !== "") throw invalidOption(option, "must not hold a user name or password");
}
