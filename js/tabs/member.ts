import { onReset, type ResetListener } from "../reset.js";
import type { TokenManager, TokenStatus } from "../types.js";
import type { Answer } from "./answer.js";

/** @internal An answer, and how long ago it was asked for, in ms. */
export interface Given {
  readonly answer: Answer;
  readonly age: () => number;
}

/** What a {@link Member} asks and tells. */
interface MemberHost {
  /** The answer that the source gave last for `scope`. */
  given(scope: string): Given | undefined;
  refused(scope: string, accessKeyId: string): void;
  /** The user is another one; for all scopes if none is named. */
  reset(scope: string | undefined): void;
}

/** @internal One of the managers that a tab's source serves, and the answers behind the tokens that it has in hand. */
export class Member {
  /** Weak: an open channel must not keep a manager that the page has dropped. */
  readonly #tokens: WeakRef<TokenManager>;
  readonly #host: MemberHost;
  readonly #held = new Map<string, Given & { readonly accessKeyId: string }>();
  /** A field, because the manager has it weakly. */
  readonly #onReset: ResetListener;

  constructor(tokens: TokenManager, host: MemberHost) {
    this.#tokens = new WeakRef(tokens);
    this.#host = host;
    this.#onReset = (scope) => {
      if (scope === undefined) this.#held.clear();
      else this.#held.delete(scope);
      host.reset(scope);
    };
    onReset(tokens, this.#onReset);
  }

  /** Returns the function that ends it. Only the manager may keep that, because it leads to the manager. */
  listen(tokens: TokenManager, then: () => void): () => void {
    const ends = [
      tokens.on("token", ({ scope, accessKeyId }) => {
        const given = this.#host.given(scope);
        if (given) this.#held.set(scope, { ...given, accessKeyId });
      }),
      tokens.on("rejected", ({ scope, accessKeyId }) => {
        this.#held.delete(scope);
        this.#host.refused(scope, accessKeyId);
      }),
    ];
    return () => {
      for (const end of ends) end();
      then();
    };
  }

  /** Whether the page has dropped the manager without closing it. */
  get gone(): boolean {
    return !this.#tokens.deref();
  }

  status(scope: string): TokenStatus | undefined {
    return this.#tokens.deref()?.status(scope);
  }

  /** The newest answer that is known to be behind the token `accessKeyId`. */
  behind(scope: string, accessKeyId: string): Given | undefined {
    // An issuer that gives the same token again is not told of by an event.
    const last = this.#host.given(scope);
    if (last?.answer.text.includes(accessKeyId)) return last;
    const held = this.#held.get(scope);
    return held?.accessKeyId === accessKeyId ? held : undefined;
  }

  invalidate(accessKeyId: string): void {
    this.#tokens.deref()?.invalidate(accessKeyId, "refused in another tab");
  }
}
