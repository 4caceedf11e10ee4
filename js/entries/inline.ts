/**
 * Keeps the short-lived credentials of a web upload to Alibaba Cloud fresh.
 *
 * @packageDocumentation
 */
import moduleBytes from "../../pkg/inline.js";
import { Manager } from "../manager.js";
import type { TokenManager, TokenManagerOptions } from "../types.js";

export * from "./public.js";

/**
 * Where this entry has the WebAssembly module from: text in the package itself, which needs no configuration of any
 * bundler, no second request and no `connect-src`. For `createVodUploader` without a token manager.
 */
export function wasm(): Uint8Array<ArrayBuffer> {
  return moduleBytes();
}

/**
 * Makes a manager. Nothing happens until its first use: the module is loaded and the AppServer asked then.
 *
 * @throws {@link UploadTokenError} with code `invalid_option`, naming the option.
 * @example
 * ```ts
 * import { createTokenManager } from "upload-token";
 *
 * const tokens = createTokenManager({ source: "/api/sts" });
 * const { accessKeyId, accessKeySecret, securityToken } = await tokens.getToken();
 * ```
 */
export function createTokenManager(options: TokenManagerOptions | TokenManagerOptions["source"]): TokenManager {
  return new Manager(options, wasm);
}
