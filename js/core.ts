// The only module that knows the generated code in pkg/, but for the bytes that the entry `upload-token` brings.
import init, { onPanic, TokenCore, UploadCore } from "../pkg/upload_token.js";
import { UploadTokenError } from "./errors.js";
import { compile, type Loader } from "./module.js";
import type { TokenManagerOptions } from "./types.js";

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

let loading: Promise<Core> | undefined;
let broken: UploadTokenError | undefined;
const listeners = new Set<WeakRef<(error: UploadTokenError) => void>>();

/** @internal The option `wasm` as a loader. */
export function loaderOf(wasm: NonNullable<TokenManagerOptions["wasm"]>): Loader {
  return typeof wasm === "function" ? (wasm as Loader) : () => wasm;
}

/** @internal Loads the module once. A failed load is forgotten, so that the next call tries again. */
export function loadCore(load: Loader): Promise<Core> {
  loading ??= instantiate(load).catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function instantiate(load: Loader): Promise<Core> {
  const module = await compile(load);
  try {
    await init({ module_or_path: module });
  } catch (cause) {
    throw new UploadTokenError(
      "wasm",
      "the WebAssembly module is of another version than this package; serve the file that came with it",
      { cause },
    );
  }
  onPanic(() => void breakDown());
  return core;
}

/** @internal Why the module no longer works, if it does not. */
export function failure(): UploadTokenError | undefined {
  return broken;
}

/**
 * @internal Gives the module up: it panicked, or something was thrown from the middle of it, such as a
 * stack overflow, which leaves it in any state. Everybody who waits for it is told, once.
 */
export function breakDown(cause?: unknown): UploadTokenError {
  if (broken) return broken;
  const message = "the WebAssembly module failed, which is a defect; reload the page";
  broken = new UploadTokenError("wasm", message, { cause });
  for (const listener of listeners) listener.deref()?.(broken);
  listeners.clear();
  return broken;
}

/** @internal Tells `listener`, which the caller keeps, if the module should fail. */
export function onFailure(listener: (error: UploadTokenError) => void): void {
  for (const ref of listeners) if (!ref.deref()) listeners.delete(ref);
  listeners.add(new WeakRef(listener));
}
