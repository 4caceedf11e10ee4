import { invalidOption } from "./errors.js";
import type { TokenManager } from "./types.js";

/** @internal Also of one that another copy of this package made, or a test: by the method that is needed of it. */
export function isManager(tokens: unknown, method: keyof TokenManager = "getToken"): tokens is TokenManager {
  return typeof (tokens as Partial<TokenManager> | null | undefined)?.[method] === "function";
}

/** @internal */
export function checkManager(tokens: unknown, method?: keyof TokenManager): void {
  if (!isManager(tokens, method)) throw invalidOption("tokens", "must be a token manager");
}
