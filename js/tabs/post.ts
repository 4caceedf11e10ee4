import { checkUrl } from "../options.js";
import type { TokenRequest, TokenRequestOptions, TokenSource } from "../types.js";

type Wishes = TokenRequestOptions | ((about: Omit<TokenRequest, "signal">) => unknown) | undefined;

/** @internal The source that an address is: asked as a token manager asks it. */
export function posting(address: string | URL, wishes: Wishes): TokenSource {
  return async ({ signal, ...about }: TokenRequest) => {
    checkUrl("source", address, true);
    const wished = ((typeof wishes === "function" ? await wishes(about) : wishes) ?? {}) as TokenRequestOptions;
    const init: RequestInit = { ...wished, method: "POST", cache: "no-store", redirect: "error", signal };
    if (wished.body !== undefined || !(about.rejected || about.scope)) return fetch(address, init);
    const answer = await fetch(address, {
      ...init,
      body: JSON.stringify(about),
      ...(isOwn(address) && { headers: json(wished.headers) }),
    });
    // An AppServer that reads no body may refuse one.
    return answer.status === 415 ? fetch(address, init) : answer;
  };
}

/** To another origin a JSON type would cost a preflight, or be refused by one. */
function isOwn(address: string | URL): boolean {
  return typeof location !== "object" || new URL(address, location.href).origin === location.origin;
}

function json(wished: HeadersInit | undefined): Headers {
  const headers = new Headers(wished);
  if (!headers.has("content-type")) headers.set("content-type", "application/json");
  return headers;
}
