import { checkRequest, checkUrl } from "../options.js";
import { baseAddress, isOwnSite } from "../place.js";
import type { TokenManagerOptions, TokenRequest, TokenSource } from "../types.js";

/**
 * @internal The source that an address is, asked as the module asks one.
 *
 * Not by the module: what it asks for itself, it reads itself, and there would be nothing to share.
 */
export function posting(address: string | URL, additions: TokenManagerOptions["request"]): TokenSource {
  return async ({ signal, ...wanted }: TokenRequest) => {
    checkUrl("source", address, true);
    const given = typeof additions === "function" ? await additions(wanted) : additions;
    const { headers, credentials, body } = checkRequest(given ?? {});
    const init: RequestInit = { method: "POST", cache: "no-store", redirect: "error", signal };
    // A plain member of `init` that is undefined is not the same to every `fetch` as one that is missing.
    if (headers !== undefined) init.headers = headers;
    if (credentials !== undefined) init.credentials = credentials;
    if (body !== undefined) return fetch(address, { ...init, body });
    if (!wanted.rejected && !wanted.scope) return fetch(address, init);
    const answer = await fetch(address, {
      ...init,
      body: JSON.stringify(wanted),
      ...(isOwn(address) && { headers: withJson(headers) }),
    });
    // An AppServer that reads no body may refuse one.
    return answer.status === 415 ? fetch(address, init) : answer;
  };
}

/** To another origin a JSON type would cost a preflight, or be refused by one. */
function isOwn(address: string | URL): boolean {
  const base = baseAddress();
  return base === undefined || isOwnSite(new URL(address, base));
}

function withJson(given: HeadersInit | undefined): Headers {
  const headers = new Headers(given);
  headers.set("content-type", "application/json");
  return headers;
}
