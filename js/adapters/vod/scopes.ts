import { report } from "../../report.js";
import type { TokenManager } from "../../types.js";
import type { Count, FileEntry } from "./files.js";
import type { VodOptions } from "./types.js";

/**
 * By token manager, its files that have a token each: the same scope in two uploaders would be one token. By a registered
 * symbol, because these may be of two copies of this package.
 */
const COUNTS = Symbol.for("upload-token.counts");

function countOf({ getToken }: TokenManager): Count {
  const shared = globalThis as { [COUNTS]?: WeakMap<object, Count> };
  const counts = (shared[COUNTS] ??= new WeakMap());
  // A framework may have wrapped the manager, and its methods are its own.
  let count = counts.get(getToken);
  if (!count) counts.set(getToken, (count = { last: 0 }));
  return count;
}

/** @internal Which STS token each file of an uploader has. */
export class Scopes {
  readonly #perFile: VodOptions["perFile"];

  constructor(perFile: VodOptions["perFile"]) {
    this.#perFile = perFile;
  }

  /** By what the files are counted. */
  count(tokens: TokenManager | null): Count {
    return tokens && this.#perFile === true ? countOf(tokens) : { last: 0 };
  }

  /** The file's scope; `undefined` if the page was not asked for it yet. */
  known({ id, scope }: FileEntry): string | undefined {
    if (typeof this.#perFile === "function") return scope;
    return this.#perFile ? `file:${id}` : "";
  }

  /** The same; `undefined` if the page cannot name it. It is asked once, and once more after a reset. */
  of(entry: FileEntry): string | undefined {
    const known = this.known(entry);
    if (typeof this.#perFile !== "function" || known !== undefined) return known;
    try {
      const scope: unknown = this.#perFile(entry.info);
      if (typeof scope === "string") entry.scope = scope;
    } catch (error) {
      report(error);
    }
    return entry.scope;
  }
}
