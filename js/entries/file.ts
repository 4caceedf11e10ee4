/**
 * The same as `upload-token`, with the WebAssembly module as a file of its own.
 *
 * @packageDocumentation
 */
import { Manager } from "../manager.js";
import type { TokenManager, TokenManagerOptions } from "../types.js";

export * from "./public.js";

/**
 * Where this entry has the WebAssembly module from: a file beside the script, compiled while it arrives. For
 * `createVodUploader` without a token manager.
 */
export function wasm(): URL {
  // Bundlers recognise this very expression and copy the file.
  return new URL("./upload_token_bg.wasm", import.meta.url);
}

/** As in `upload-token`. */
export function createTokenManager(options: TokenManagerOptions | TokenManagerOptions["source"]): TokenManager {
  return new Manager(options, wasm);
}
