// The only module that knows the generated code in pkg/, but for the bytes that the entry `upload-token` brings.
import init, { onPanic, TokenCore, UploadCore } from "../pkg/upload_token.js";
import { UploadTokenError } from "./errors.js";
import { compile, type Loader } from "./module.js";
import { report } from "./report.js";
import type { TokenManagerOptions } from "./types.js";
import { Watch } from "./watch.js";
import { WeakListeners } from "./weak.js";

/** @internal Types of the boundary. */
export type {
  ClientCredential,
  CredentialSource,
  Delivered,
  Delivery,
  ForeignTokens,
  Look,
  TokenCore,
  TokenHost,
  TokenOptions,
  UploadCore,
  UploadFile,
  UploadHost,
  UploadOptions,
} from "../pkg/upload_token.js";

const core = { TokenCore, UploadCore };

/** @internal What the module exports. */
export type Core = typeof core;

export type { Loader };

/** @internal The option `wasm`, or what an entry has in its place. */
export type ModuleSource = NonNullable<TokenManagerOptions["wasm"]> | Loader;

/** Where the module comes from → the attempt that is under way: one that hangs holds up no other. */
const attempts = new Map<unknown, Promise<Core>>();
/** What is generated is one for all: the first module that arrives is the one that everybody has. */
let instance: Promise<Core> | undefined;
let tellLoaded: (core: Core) => void;
const loaded = new Promise<Core>((resolve) => (tellLoaded = resolve));
let broken: UploadTokenError | undefined;
const listeners = new WeakListeners<UploadTokenError>();

/**
 * @internal Tries once to load the module, unless it is loaded or about to be. The attempt is given up when nothing of
 * the module is heard of for `patience` ms. If it comes later all the same, it is taken.
 */
export function loadCore(source: ModuleSource, patience: number): Promise<Core> {
  // Its glue is there once a page: no other instance can take its place.
  if (broken) return Promise.reject(broken);
  if (instance) return instance;
  const from = source instanceof URL ? source.href : source;
  let attempt = attempts.get(from);
  if (!attempt) {
    attempt = bring(source, patience).finally(() => attempts.delete(from));
    attempts.set(from, attempt);
  }
  return attempt;
}

function bring(source: ModuleSource, patience: number): Promise<Core> {
  const watch = new Watch(patience);
  const load = typeof source === "function" ? (source as Loader) : () => source;
  const made = compile(load, watch)
    .then(first)
    .finally(() => watch.done());
  return Promise.race([made, watch.silence, loaded]);
}

/** What the glue calls first. */
const START = "__wbindgen_start";

/** The one that is in use, or about to be; `module`, if there is none, or if that one is of another version. */
async function first(module: WebAssembly.Module): Promise<Core> {
  const other = instance;
  if (other) return other.catch(() => first(module));
  instance = instantiate(module);
  instance.catch(() => (instance = undefined));
  return instance;
}

async function instantiate(module: WebAssembly.Module): Promise<Core> {
  try {
    // Not left to the glue, which would keep the module for good before it found that this is missing.
    if (!WebAssembly.Module.exports(module).some(({ name }) => name === START)) throw new Error(`it has no ${START}`);
    await init({ module_or_path: module });
  } catch (cause) {
    throw new UploadTokenError(
      "wasm",
      "the WebAssembly module is of another version than this package; serve the file that came with it",
      { cause },
    );
  }
  onPanic(() => void breakDown());
  tellLoaded(core);
  return core;
}

/** @internal Why the module no longer works, if it does not. */
export function failure(): UploadTokenError | undefined {
  return broken;
}

/**
 * @internal Gives the module up: it panicked, or something was thrown from the middle of it, such as a
 * stack overflow, which leaves it in any state. Everybody who waits for it is told, and the console, once.
 */
export function breakDown(cause?: unknown): UploadTokenError {
  if (broken) return broken;
  const message = "the WebAssembly module failed, which is a defect; reload the page";
  broken = new UploadTokenError("wasm", message, { cause });
  // Where nobody waits, tokens would end without a word.
  console.error("upload-token:", broken);
  for (const listener of listeners.all()) {
    try {
      listener(broken);
    } catch (error) {
      report(error);
    }
  }
  return broken;
}

/** What a trap of the module is called, and what each engine calls a stack overflow. */
const TRAPS = ["RuntimeError", "RangeError", "InternalError"];

/**
 * @internal Calls the module by `act`. A trap is the end of it, and of all that wait for it; anything else was thrown
 * before the module began, over a value that this very call gave it.
 */
export function calling<R>(act: () => R): R {
  if (broken) throw broken;
  try {
    return act();
  } catch (cause) {
    throw TRAPS.includes(String((cause as Partial<Error> | null)?.name)) ? breakDown(cause) : cause;
  }
}

/** @internal As {@link calling}, where nobody is there to be told: `undefined` if the module works no longer. */
export function attempt<R>(act: () => R): R | undefined {
  try {
    return calling(act);
  } catch (error) {
    if (error !== broken) report(error);
    return undefined;
  }
}

/** @internal Tells `listener`, which the caller keeps, if the module should fail. */
export function onFailure(listener: (error: UploadTokenError) => void): void {
  listeners.add(listener);
}
