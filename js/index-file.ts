/**
 * The same as `upload-token`, with the WebAssembly module as a file of its own.
 *
 * @packageDocumentation
 */
import { load } from "./load-file.js";
import { Manager } from "./manager.js";
import type { TokenManager, TokenManagerOptions } from "./types.js";

export * from "./public.js";
/** Where this entry has the WebAssembly module from; for `createVodUploader` without a token manager. */
export { load as wasm } from "./load-file.js";

/** As in `upload-token`. */
export function createTokenManager(options: TokenManagerOptions): TokenManager {
  return new Manager(options, load);
}
