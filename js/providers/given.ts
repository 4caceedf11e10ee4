import { invalidOption } from "../errors.js";
import { checkManager } from "../is-manager.js";
import { checkScope } from "../options.js";
import type { TokenManager } from "../types.js";

/** The part of the manager that these hooks need. */
export type ProviderTokens = Pick<TokenManager, "getToken" | "peek" | "status">;

/** Options of every hook. */
export interface ProviderOptions {
  /** Which token of the manager; default `""`, the shared one. */
  scope?: string;
}

/** @internal The scope in what a hook was given, checked. */
export function scopeOf(tokens: ProviderTokens, options: ProviderOptions): string {
  checkManager(tokens);
  if (typeof options !== "object" || options === null) throw invalidOption("options", "must be an object");
  const { scope = "" } = options;
  checkScope(scope);
  return scope;
}
