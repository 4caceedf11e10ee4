// The only module that knows the generated code in pkg/.
import init, * as core from "../pkg/upload_token.js";
import { UploadTokenError } from "./errors.js";
import type { WasmSource } from "./types.js";

/** @internal What the module exports. */
export type Core = typeof core;
/** @internal */
export type { TokenCore } from "../pkg/upload_token.js";

/** @internal Where the module comes from: called once, on first use. */
export type Loader = () => WasmSource | PromiseLike<WasmSource>;

let loading: Promise<Core> | undefined;
let broken: UploadTokenError | undefined;
const mourners = new Set<WeakRef<(error: UploadTokenError) => void>>();

/** @internal Loads the module once. A failed load is forgotten, so that the next call tries again. */
export function loadCore(load: Loader): Promise<Core> {
  loading ??= instantiate(load).catch((cause: unknown) => {
    loading = undefined;
    throw new UploadTokenError(
      "wasm",
      "the WebAssembly module could not be loaded; does the Content-Security-Policy allow 'wasm-unsafe-eval'?",
      { cause },
    );
  });
  return loading;
}

async function instantiate(load: Loader): Promise<Core> {
  await init({ module_or_path: await load() });
  core.onPanic(() => void breakDown());
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
  for (const mourner of mourners) mourner.deref()?.(broken);
  mourners.clear();
  return broken;
}

/** @internal Tells `mourner`, which the caller keeps, if the module should fail. */
export function onFailure(mourner: (error: UploadTokenError) => void): void {
  for (const ref of mourners) if (!ref.deref()) mourners.delete(ref);
  mourners.add(new WeakRef(mourner));
}
