/**
 * The same as `upload-token`, with the WebAssembly module as a file of its own (in Node, whose fetch reads no files).
 *
 * @packageDocumentation
 */
import { readFile } from "node:fs/promises";
import { Manager } from "../manager.js";
import type { TokenManager, TokenManagerOptions } from "../types.js";

export * from "./public.js";

/** Where this entry has the WebAssembly module from; for `createVodUploader` without a token manager. */
export function wasm(): Promise<Uint8Array<ArrayBuffer>> {
  return readFile(new URL("./upload_token_bg.wasm", import.meta.url));
}

/** As in `upload-token`. */
export function createTokenManager(options: TokenManagerOptions | TokenManagerOptions["source"]): TokenManager {
  return new Manager(options, wasm);
}
