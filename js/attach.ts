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
  // A function elsewhere, such as one of Comlink's, answers to every name, and has none of them.
  if (typeof source !== "function" || !Object.hasOwn(source, ATTACH)) return undefined;
  const end: unknown = (source as unknown as AttachedSource)[ATTACH](tokens);
  return typeof end === "function" ? (end as () => void) : undefined;
}
