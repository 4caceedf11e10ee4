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

/** @internal The token manager of a component, or of all that gave the same name. */
export class TokensMount {
  readonly #latest: Latest<TokenManagerOptions>;
  readonly #lifetime: Lifetime;
  readonly #listeners = new Listeners();
  #tokens: TokenManager;
  /** By scope: each component may show another one. Made anew after each change. */
  readonly #snapshots = new Map<string, TokensSnapshot>();
  #ends: (() => void)[] = [];

  static of(options: UseTokenManagerOptions): TokensMount {
    const { keepAlive } = options;
    return kept.get(keepAlive, () => new TokensMount(options));
  }

  constructor({ keepAlive, scope: _, ...options }: UseTokenManagerOptions) {
    this.#latest = latest(options, []);
    this.#lifetime = new Lifetime(
      keepAlive !== undefined,
      () => this.#begin(),
      () => this.close(),
    );
    this.#tokens = this.#make();
  }

  readonly subscribe = this.#listeners.add;

  /** The same object until something changes. */
  getSnapshot(scope = ""): TokensSnapshot {
    let snapshot = this.#snapshots.get(scope);
    if (!snapshot) this.#snapshots.set(scope, (snapshot = this.#look(scope)));
    return snapshot;
  }

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
    this.#tokens.close();
    this.#changed();
  };

  #make(): TokenManager {
    // The inlined module is loaded if no other is given, and not before it is needed.
    return new Manager(this.#latest.options, async () => (await import("../entries/inline.js")).wasm());
  }

  #begin(): void {
    if (this.#ends.length > 0) return;
    // A component that was hidden is unmounted, and mounted again with what it had.
    if (this.#tokens.status().state === "closed") {
      this.#tokens = this.#make();
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
