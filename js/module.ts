// Brings the WebAssembly module from wherever it is to where it is compiled, and says what stands in its way.
import { UploadTokenError } from "./errors.js";
import type { WasmSource } from "./types.js";
import { passing, type Watch } from "./watch.js";

/** @internal Where the module comes from: called on first use, and again after a failure. */
export type Loader = () => WasmSource | PromiseLike<WasmSource>;

/** What the module and its glue rest on, and what may be missing: jsdom has no coders, an old Jest no AbortController. */
const NEEDED = [
  "WebAssembly",
  "TextDecoder",
  "TextEncoder",
  "AbortController",
  "WeakRef",
  "FinalizationRegistry",
  "performance",
] as const;

/** A module of nothing but a function type with an `externref`: what compiles it knows reference types. */
const REFERENCE_TYPES = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 1, 111, 0]);

const FLOOR = "Chrome 96, Edge 96, Firefox 92, Safari 15.4";

/** @internal Throws an `UploadTokenError` of code `wasm` where something is missing that the package rests on. */
export function checkPlatform(): void {
  const missing = NEEDED.find((name) => !(name in globalThis));
  if (missing) throw wasmError(`needs ${missing}, which is missing here; browsers have it since ${FLOOR}`);
}

/** @internal The module, compiled. Rejects with an `UploadTokenError` of code `wasm` that names the cause. */
export async function compile(load: Loader, watch: Watch): Promise<WebAssembly.Module> {
  checkPlatform();
  let source: WasmSource;
  try {
    source = await load();
  } catch (cause) {
    const error = wasmError(`could not be had: the function that brings it failed${because(cause)}`, cause);
    throw isMistake(cause) ? error : passing(error);
  }
  if (typeof source === "string" || source instanceof URL) source = await download(String(source), watch);
  // By its name, as below: a test's frame has another class of this name.
  if (nameOf(source) === "WebAssembly.Module") return source as WebAssembly.Module;
  return isResponse(source)
    ? fromResponse(source, watch)
    : fromBytes(source as BufferSource, "what the option wasm gives");
}

/** How engines word a mistake in code, where `fetch` throws the same class for a connection. As in src/reply/mistake.rs. */
const OF_MISTAKE =
  /is not (?:a function|a constructor|defined|iterable|an object)|is (?:undefined|null)|cannot (?:read propert|set propert|destructure)|can(?:not|'t) access|assignment to const|(?:invalid|parse) url/i;

/** Whether the function has a mistake in it, which no other try mends. */
function isMistake(cause: unknown): boolean {
  const { name, message } = (cause ?? {}) as Partial<Error>;
  if (name === "TypeError") return OF_MISTAKE.test(String(message));
  return name === "ReferenceError" || name === "SyntaxError";
}

async function download(address: string, watch: Watch): Promise<Response> {
  try {
    return await watch.fetch(address, bare(address));
  } catch (cause) {
    const why = "the device is offline, CORS forbids it, or connect-src of the page's Content-Security-Policy does";
    throw passing(wasmError(`could not be fetched: ${why} (GET ${bare(address)})`, cause));
  }
}

/** Statuses of a server, or of what stands before it, that has trouble just now: those and all from 500 on. */
const TROUBLED = [408, 425, 429];

async function fromResponse(response: Response, watch: Watch): Promise<WebAssembly.Module> {
  const address = bare(response.url);
  const { ok, status } = response;
  if (status >= 500 || TROUBLED.includes(status)) {
    throw passing(wasmError(`could not be fetched (GET ${address} answered ${status})`));
  }
  if (!ok) throw wasmError(`is not there (GET ${address} answered ${status})${elsewhere(address)}`);
  if (response.bodyUsed) throw wasmError(`was read before: give a function that asks for it anew (GET ${address})`);
  void watch.follow(response);
  const type = response.headers.get("content-type")?.split(";")[0] ?? "";
  // Compiled while it arrives, which engines do for this type only.
  if (type === "application/wasm") {
    return WebAssembly.compileStreaming(response).catch((cause: unknown) =>
      Promise.reject(isBrokenOff(cause) ? brokenOff(address, cause) : explained(cause)),
    );
  }
  let bytes: ArrayBuffer;
  try {
    bytes = await response.arrayBuffer();
  } catch (cause) {
    throw brokenOff(address, cause);
  }
  return fromBytes(bytes, `what GET ${address} answered (${type || "of no type"})`, elsewhere(address));
}

/** What engines tell of the module itself. Of a download that ends early they tell as `fetch` does, or as whoever ended it. */
const OF_THE_MODULE = ["CompileError", "LinkError", "RangeError"];

function isBrokenOff(cause: unknown): boolean {
  const { name, message } = (cause ?? {}) as Partial<Error>;
  return !OF_THE_MODULE.includes(String(name)) && !POLICY.test(String(message));
}

function brokenOff(address: string, cause: unknown): UploadTokenError {
  return passing(wasmError(`did not arrive whole (GET ${address})`, cause));
}

async function fromBytes(source: BufferSource, what: string, hint = ""): Promise<WebAssembly.Module> {
  if (!startsAsModule(source)) throw wasmError(`is not there: ${what} is no WebAssembly module${hint}`);
  try {
    return await WebAssembly.compile(source);
  } catch (cause) {
    throw explained(cause);
  }
}

function startsAsModule(source: unknown): boolean {
  const buffer = ArrayBuffer.isView(source) ? source.buffer : source;
  if (nameOf(buffer) !== "ArrayBuffer") return false;
  const offset = ArrayBuffer.isView(source) ? source.byteOffset : 0;
  const start = new Uint8Array(buffer as ArrayBuffer, offset).subarray(0, 4);
  return start.length === 4 && REFERENCE_TYPES.subarray(0, 4).every((byte, index) => start[index] === byte);
}

function nameOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}

function isResponse(source: unknown): source is Response {
  return typeof (source as Partial<Response> | null)?.arrayBuffer === "function";
}

/** What engines say where the page's policy forbids to compile. */
const POLICY = /content.security|\bcsp\b|unsafe-eval/i;

/** Why an engine did not compile the module. */
function explained(cause: unknown): UploadTokenError {
  if (POLICY.test(String(cause))) {
    return wasmError(
      "may not be compiled: script-src of the page's Content-Security-Policy needs 'wasm-unsafe-eval'",
      cause,
    );
  }
  if (!WebAssembly.validate(REFERENCE_TYPES)) {
    return wasmError(`needs reference types, which this browser does not have; there are in ${FLOOR}`, cause);
  }
  return wasmError(`could not be compiled${because(cause)}`, cause);
}

/** What usually has moved the script away from the file beside it. */
function elsewhere(address: string): string {
  if (address.includes("/.vite/")) {
    return '; Vite has moved the script away from it: optimizeDeps: { exclude: ["upload-token"] } in its settings';
  }
  return '; does the bundler copy the file that a script names? Import "upload-token" where it does not';
}

/** An address as it may be told: without its query, which may be signed, and without a name and a password. */
function bare(address: string): string {
  return (address.split(/[?#]/, 1)[0] ?? "").replace(SIGNED_IN, "//");
}

const SIGNED_IN = /\/\/[^\s/?#@]*@/g;
/** What follows a path in a sentence, up to its end or to what closes it. */
const QUERY = /(\/[^\s?#"'`<>()]*)[?#][^\s"'`<>()]*/g;

/** What a platform says, or a function of the page: it may quote addresses. */
function because(cause: unknown): string {
  return cause instanceof Error ? `: ${cause.message.replace(SIGNED_IN, "//").replace(QUERY, "$1")}` : "";
}

function wasmError(reason: string, cause?: unknown): UploadTokenError {
  return new UploadTokenError("wasm", `the WebAssembly module ${reason}`, { cause });
}
