import { UploadTokenError } from "../../errors.js";

/** @internal The SDK threw `error`; without one, it did not take its credential. */
export function sdkThrew(error: unknown): UploadTokenError {
  const said =
    error === undefined
      ? "did not take its credential"
      : `threw: ${String(error instanceof Error ? error.message : error)}`;
  return new UploadTokenError("sdk_error", `the SDK ${said}`, { cause: error });
}

/** @internal Whatever was thrown on the way to a credential. */
export function asError(cause: unknown): UploadTokenError {
  if (cause instanceof UploadTokenError) return cause;
  return new UploadTokenError("wasm", "the WebAssembly module failed; reload the page", { cause });
}
