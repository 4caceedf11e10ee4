import { Manager } from "../manager.js";
import type { TokenManager, TokenManagerEvents, TokenManagerOptions, TokenStatus } from "../types.js";
import { latest, type Latest } from "./latest.js";
import { Kept, Lifetime } from "./lifetime.js";
import { Listeners } from "./listeners.js";

/** Options of `useTokenManager`. */
export interface UseTokenManagerOptions extends TokenManagerOptions {
  /**
   * A name under which the manager outlives the component: whoever mounts next with the same name has the same manager.
   * Without it the manager is closed with the component.
   */
  keepAlive?: string;
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

/** @internal The token manager of a component. */
export class TokensMount {
  readonly #latest: Latest<TokenManagerOptions>;
  readonly #scope: string;
  readonly #lifetime: Lifetime;
  readonly #listeners = new Listeners();
  #snapshot: TokensSnapshot;
  #ends: (() => void)[] = [];

  static of(options: UseTokenManagerOptions): TokensMount {
    const { keepAlive } = options;
    return kept.get(keepAlive, () => new TokensMount(options));
  }

  constructor({ keepAlive, scope = "", ...options }: UseTokenManagerOptions) {
    this.#latest = latest(options, []);
    this.#scope = scope;
    this.#lifetime = new Lifetime(
      keepAlive !== undefined,
      () => this.#begin(),
      () => this.close(),
    );
    this.#snapshot = this.#make();
  }

  readonly subscribe = this.#listeners.add;
  readonly getSnapshot = (): TokensSnapshot => this.#snapshot;

  update({ keepAlive: _, scope: __, ...options }: UseTokenManagerOptions): void {
    this.#latest.update(options);
  }

  mount(): () => void {
    return this.#lifetime.mount();
  }

  readonly close = (): void => {
    kept.drop(this);
    for (const end of this.#ends) end();
    this.#ends = [];
    this.#snapshot.tokens.close();
    this.#look();
  };

  #make(): TokensSnapshot {
    // The inlined module is loaded if no other is given, and not before it is needed.
    const tokens = new Manager(this.#latest.options, async () => (await import("../entries/inline.js")).wasm());
    return { tokens, status: tokens.status(this.#scope) };
  }

  #begin(): void {
    if (this.#ends.length > 0) return;
    // A component that was hidden is unmounted, and mounted again with what it had.
    if (this.#snapshot.tokens.status().state === "closed") {
      this.#snapshot = this.#make();
      this.#listeners.call();
    }
    this.#ends = EVENTS.map((event) => this.#snapshot.tokens.on(event, () => this.#look()));
  }

  #look(): void {
    const { tokens } = this.#snapshot;
    this.#snapshot = { tokens, status: tokens.status(this.#scope) };
    this.#listeners.call();
  }
}
