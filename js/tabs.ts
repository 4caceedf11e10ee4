/**
 * One token for all tabs of an origin.
 *
 * @packageDocumentation
 */
import { invalidOption } from "./errors.js";
import { checkNames } from "./misuse.js";
import { checkNumber, checkRequest, checkUrl } from "./options.js";
import { posting } from "./tabs/post.js";
import { tabOf } from "./tabs/tab.js";
import type { TokenManagerOptions, TokenSource } from "./types.js";

/** Options of {@link sharedSource}. */
export interface SharedSourceOptions {
  /** Whose tokens they are, such as the user's id: tabs that give the same name share them, others never do. */
  name: string;
  /** What is added to each request, if the source is an address: as in the options of a token manager. */
  request?: TokenManagerOptions["request"];
  /** How long a tab waits for another one that is asking, in ms; default 3,000. Then one of those that wait asks. */
  patience?: number;
}

const KEYS: readonly string[] = ["name", "request", "patience"] satisfies (keyof SharedSourceOptions)[];

/**
 * A source whose answers the tabs of an origin share: at each refresh one of them asks, and all have the token.
 *
 * Tokens go from tab to tab over a `BroadcastChannel` and are stored nowhere. Each tab's manager reads what it is
 * given as it reads an AppServer's answer. A token that a server refused in one tab is handed out in none. A tab that
 * is frozen or closed while it asks delays the others by `patience` at most.
 *
 * In a place without tabs, such as Node, and where the browser has no Web Locks, it is `source` alone. Scopes that
 * `perFile: true` gives to files are not shared: in each tab they are of other files.
 *
 * @param source - as in the options of a token manager: the AppServer's endpoint, or a function.
 * @throws `UploadTokenError` with code `invalid_option`, naming the option.
 * @example
 * ```ts
 * const tokens = createTokenManager({ source: sharedSource("/api/sts", { name: userId }) });
 * ```
 */
export function sharedSource(source: string | URL | TokenSource, options: SharedSourceOptions): TokenSource {
  check(source, options);
  const { name, request, patience = PATIENCE } = options;
  const ask = typeof source === "function" ? source : posting(source, request);
  return hasTabs() ? tabOf(name).source(ask, patience) : ask;
}

const PATIENCE = 3000;

const PATIENCE_RANGE = [50, 60_000] as const;

/** Whether there can be other tabs, and a way to agree with them. Node has the means, and no tabs. */
function hasTabs(): boolean {
  return (
    typeof location === "object" &&
    // Not the location's: a frame that a script wrote is of its maker's origin, and may be of none if it is sandboxed.
    globalThis.origin !== "null" &&
    typeof navigator === "object" &&
    typeof navigator.locks?.request === "function" &&
    typeof BroadcastChannel === "function"
  );
}

function check(source: string | URL | TokenSource, options: SharedSourceOptions): void {
  if (typeof options !== "object" || options === null) throw invalidOption("options", "must be an object with a name");
  checkNames(options, KEYS);
  const { name, request, patience = PATIENCE } = options;
  if (typeof name !== "string" || name === "") {
    throw invalidOption("name", "must be a text that names the user, such as an id");
  }
  if (typeof source !== "function") checkUrl("source", source);
  else if (request !== undefined) {
    throw invalidOption("request", "is for a source that is an address; a function makes its own requests");
  }
  if (request !== undefined && typeof request !== "function") checkRequest(request);
  checkNumber("patience", patience, PATIENCE_RANGE);
}
