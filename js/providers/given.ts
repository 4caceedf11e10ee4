import { checkManager } from "../is-manager.js";
import { scopeIn } from "../options.js";
import type { TokenManager } from "../types.js";

/** The part of the manager that these hooks need. */
export type ProviderTokens = Pick<TokenManager, "getToken" | "peek" | "status">;

/** Options of every hook. */
export interface ProviderOptions {
  /** Which token of the manager; default `""`, the shared one. */
  scope?: string;
}

/** @internal The scope in what a hook was given, checked; `others` are the rest of its options. */
export function scopeOf(tokens: ProviderTokens, options: ProviderOptions, others?: readonly string[]): string {
  checkManager(tokens);
  return scopeIn(options, others);
}
