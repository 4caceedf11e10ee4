import { invalidOption } from "../../errors.js";
import { isNear } from "../../misuse.js";
import { checkRequest, checkUrl } from "../../options.js";
import type { UploadAuthMode, VodOptions } from "./types.js";

/** @internal Numbers of the options as they are used; `undefined` is the default. */
export interface Numbers {
  partSize?: number;
  parallel?: number;
  retryCount?: number;
  retryDuration?: number;
  timeout?: number;
  deadline?: number;
}

/** Lowest, highest, and what it is. */
const NUMBERS: Record<keyof Numbers, readonly [lowest: number, highest: number, what: string]> = {
  partSize: [102_400, 5 * 2 ** 30, "a whole number of bytes, 102400 or more"],
  parallel: [1, 100, "a whole number of parts, 1 or more"],
  retryCount: [0, 1_000_000, "a whole number of tries"],
  retryDuration: [0, 1_000_000, "a number of seconds"],
  timeout: [0, 2 ** 31 - 1, "a whole number of milliseconds"],
  deadline: [50, 600_000, "a whole number from 50 to 600000"],
};

/** @internal What of the options tells, and answers nothing. */
export const CALLBACKS = [
  "addFileSuccess",
  "onUploadstarted",
  "onUploadSucceed",
  "onUploadFailed",
  "onUploadProgress",
  "onUploadCanceled",
  "onUploadTokenExpired",
  "onUploadEnd",
  "onTokenEvent",
] as const satisfies (keyof VodOptions)[];

const OTHERS = [
  "userId",
  "region",
  "cname",
  "localCheckpoint",
  "enableUploadProgress",
  "uploadAuth",
  "request",
  "perFile",
  "endpoint",
  "wasm",
] as const satisfies (keyof VodOptions)[];

const KNOWN: readonly string[] = [...CALLBACKS, ...OTHERS, ...Object.keys(NUMBERS)];

/** What other SDKs, and this one's documentation, call a callback. */
const MEANT: Record<string, string> = {
  onsuccess: "onUploadSucceed",
  onuploadsuccess: "onUploadSucceed",
  onerror: "onUploadFailed",
  onuploaderror: "onUploadFailed",
  onfail: "onUploadFailed",
  onfailed: "onUploadFailed",
  onuploadfail: "onUploadFailed",
  onprogress: "onUploadProgress",
  onuploadstart: "onUploadstarted",
  onstart: "onUploadstarted",
  onstarted: "onUploadstarted",
  onuploadcancel: "onUploadCanceled",
  onuploadcancelled: "onUploadCanceled",
  oncancel: "onUploadCanceled",
  onuploadfinish: "onUploadEnd",
  onuploadcomplete: "onUploadEnd",
  onend: "onUploadEnd",
  oncomplete: "onUploadEnd",
};

/** @internal The options as the SDK reads them: an empty one is its default, and a number may be the text of an input field. */
export function readOptions(page: VodOptions, mode: UploadAuthMode | undefined): VodOptions & Numbers {
  if (typeof page !== "object" || page === null) throw invalidOption("options", "must be an object");
  const read: Record<string, unknown> = {};
  // One after the other: an empty one of the mode does not take the place of one of the page's.
  for (const [name, value] of [...Object.entries(page), ...Object.entries(mode ?? {})]) {
    if (isEmpty(value) || (value === false && (CALLBACKS as readonly string[]).includes(name))) continue;
    if (!KNOWN.includes(name)) throw invalidOption(name, `is not an option; ${suggestion(name)}`);
    read[name] = Object.hasOwn(NUMBERS, name) ? readNumber(name as keyof Numbers, value) : value;
    if (read[name] === undefined) delete read[name];
  }
  for (const name of CALLBACKS) {
    if (name in read && typeof read[name] !== "function") throw invalidOption(name, "must be a function");
  }
  check(read as VodOptions);
  return read as VodOptions & Numbers;
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}

function readNumber(name: keyof Numbers, value: unknown): number | undefined {
  const [lowest, highest, what] = NUMBERS[name];
  const number = typeof value === "string" ? Number(value.trim() || 0) : value;
  // As in the SDK, 0 is the default.
  if (number === 0) return undefined;
  const whole = name === "retryDuration" ? Number.isFinite(number) : Number.isInteger(number);
  if (!whole || (number as number) < lowest || (number as number) > highest)
    throw invalidOption(name, `must be ${what}`);
  return number as number;
}

function check({ uploadAuth, region, endpoint, perFile, request }: VodOptions): void {
  if (uploadAuth !== undefined && typeof uploadAuth !== "function") checkUrl("uploadAuth", uploadAuth);
  if (region !== undefined) checkRegion(region);
  if (endpoint !== undefined) checkEndpoint(endpoint);
  if (perFile !== undefined && typeof perFile !== "boolean" && typeof perFile !== "function") {
    throw invalidOption("perFile", "must be true, false or a function");
  }
  if (request !== undefined && typeof uploadAuth === "function") {
    throw invalidOption("request", "is for an uploadAuth that is an address; a function makes its own requests");
  }
  if (request !== undefined && typeof request !== "function") checkRequest(request, false);
}

/** @internal */
export function checkRegion(region: unknown): void {
  if (typeof region !== "string" || !/^[a-z0-9-]+$/.test(region)) {
    throw invalidOption("region", "must be an id such as cn-shanghai");
  }
  if (region.startsWith("oss-"))
    throw invalidOption("region", `is VOD's, not OSS's: "${region.slice("oss-".length)}" is meant`);
}

function checkEndpoint(endpoint: unknown): void {
  if (typeof endpoint !== "string" || !/^https?:\/\//i.test(endpoint)) {
    const meant = typeof endpoint === "string" && /^[\w.-]+$/.test(endpoint) ? `: "https://${endpoint}" is meant` : "";
    throw invalidOption("endpoint", `must begin with https://${meant}`);
  }
  checkUrl("endpoint", endpoint);
  if (/[?#]|\/$/.test(endpoint)) throw invalidOption("endpoint", "must not end in / or hold a query");
}

function suggestion(name: string): string {
  const small = name.toLowerCase();
  const meant =
    KNOWN.find((known) => known.toLowerCase() === small) ??
    MEANT[small] ??
    KNOWN.find((known) => isNear(known.toLowerCase(), small));
  return meant ? `${meant} is meant` : `there are ${KNOWN.join(", ")}`;
}
