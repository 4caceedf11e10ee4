import { replaceMethod } from "../bind.js";
import { inlined } from "../entries/inlined.js";
import { invalidOption } from "../errors.js";
import { Listeners } from "../listeners.js";
import { EMPTY, Manager } from "../manager.js";
import type { TokenManager, TokenManagerEvents, TokenManagerOptions, TokenSource, TokenStatus } from "../types.js";
import { newest, standIns } from "./latest.js";
import { Kept, Lifetime, type Given } from "./lifetime.js";
import { changingSource } from "./source.js";

/** Options of `useTokenManager`. */
export interface UseTokenManagerOptions extends TokenManagerOptions {
  /**
   * A name under which the manager outlives the component: whoever mounts next with the same name has the same manager.
   * Without it, or with `false`, `null` or `""`, the manager is closed with the component.
   */
  keepAlive?: string | false | null;
  /** Of which token the status is; default `""`, the shared one. */
  scope?: string;
}

/** @internal */
export interface TokensSnapshot {
  readonly tokens: TokenManager;
  readonly status: TokenStatus;
}

/** Events after which the status is another. */
const EVENTS = [
  "token",
  "refreshFailed",
  "expired",
  "rejected",
  "state",
] as const satisfies (keyof TokenManagerEvents)[];

const kept = new Kept<TokensMount>();

/** @internal What of a component's options is the manager's. */
export function tokenOptions(given: UseTokenManagerOptions): TokenManagerOptions {
  if (typeof given !== "object" || given === null || given instanceof URL) {
    throw invalidOption("options", 'must be an object: useTokenManager({ source: "/api/sts" })');
  }
  const { keepAlive: _, scope: __, ...options } = given;
  return options;
}

/** @internal The token manager of a component, or of all that gave the same name. */
export class TokensMount {
  readonly #name: string | undefined;
  readonly #lifetime: Lifetime<TokenManagerOptions>;
  readonly #listeners = new Listeners();
  #tokens: TokenManager;
  /** By scope: each component may show another one. Made anew after each change. */
  readonly #snapshots = new Map<string, TokensSnapshot>();
  #atServer: TokensSnapshot | undefined;
  #ends: (() => void)[] = [];

  /** That of this name, or one of its own. */
  static of(name: string | undefined, given: Given<TokenManagerOptions>): TokensMount {
    return kept.get(name, () => new TokensMount(name, given));
  }

  constructor(name: string | undefined, given: Given<TokenManagerOptions>) {
    this.#name = name;
    this.#lifetime = new Lifetime(given, {
      begin: () => this.#begin(),
      end: () => this.close(),
      isKept: () => kept.has(this),
    });
    this.#tokens = this.#make();
  }

  readonly subscribe = this.#listeners.add;

  /** The same object until something changes. */
  getSnapshot(scope = ""): TokensSnapshot {
    let snapshot = this.#snapshots.get(scope);
    if (!snapshot) this.#snapshots.set(scope, (snapshot = this.#look(scope)));
    return snapshot;
  }

  /** What a server has to show, and so a page that takes up what the server has rendered. */
  readonly getServerSnapshot = (): TokensSnapshot => {
    if (this.#atServer?.tokens !== this.#tokens) this.#atServer = { tokens: this.#tokens, status: EMPTY };
    return this.#atServer;
  };

  mount(given: Given<TokenManagerOptions>): () => void {
    return this.#lifetime.mount(given);
  }

  readonly close = (): void => this.#tokens.close();

  #make(): TokenManager {
    const given = (): readonly TokenManagerOptions[] => this.#lifetime.given;
    const tokens = new Manager(ownOptions(given), inlined);
    // Whoever closes it, the next component of this name is to have one that works.
    const { close } = tokens;
    replaceMethod(tokens, "close", () => {
      close();
      this.#closed(tokens);
    });
    return tokens;
  }

  #closed(tokens: TokenManager): void {
    if (tokens !== this.#tokens) return;
    kept.drop(this);
    for (const end of this.#ends) end();
    this.#ends = [];
    this.#changed();
  }

  #begin(): void {
    if (this.#ends.length > 0) return;
    // A component that was hidden is unmounted, and mounted again with what it had.
    if (this.#tokens.status().state === "closed") {
      this.#tokens = this.#make();
      kept.put(this.#name, this);
      this.#changed();
    }
    this.#ends = EVENTS.map((event) => this.#tokens.on(event, () => this.#changed()));
  }

  #look(scope: string): TokensSnapshot {
    return { tokens: this.#tokens, status: this.#tokens.status(scope) };
  }

  #changed(): void {
    this.#snapshots.clear();
    this.#listeners.call();
  }
}

/** What the manager is given for as long as it lives, while components come and go. */
function ownOptions(given: () => readonly TokenManagerOptions[]): TokenManagerOptions {
  const options = given().at(-1) as TokenManagerOptions;
  const own = standIns(options, given);
  const { source, request } = options;
  if (typeof source === "function") {
    own.source = changingSource(() => (newest(given(), "source") as TokenSource | undefined) ?? source);
  } else if (request === undefined) {
    // A page may have nothing to add before somebody has signed in.
    own.request = (asked) => {
      const request = given().at(-1)?.request;
      return typeof request === "function" ? request(asked) : (request ?? {});
    };
  }
  return own;
}
