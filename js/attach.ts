import type { TokenManager } from "./types.js";

/**
 * @internal The method by which a source that is more than a function learns whose source it is, with the function that
 * ends it. By a registered symbol: manager and source may be from two copies of this package.
 */
export const ATTACH = Symbol.for("upload-token.attach");

/** @internal */
export interface AttachedSource {
  [ATTACH](tokens: TokenManager): () => void;
}

/** @internal Tells `source` whose it is, if it wants to know; returns the function that ends it. */
export function attach(source: unknown, tokens: TokenManager): (() => void) | undefined {
  return typeof source === "function" ? (source as Partial<AttachedSource>)[ATTACH]?.(tokens) : undefined;
}
