import type { TokenRequest } from "../types.js";
import { responseOf } from "./answer.js";
import type { Message } from "./channel.js";

/** @internal A request of this tab's manager that another tab may answer. */
export class Waiting {
  readonly scope: string;
  /** How it was answered: by another tab, or by the end of the request. */
  readonly outcome: Promise<Response>;
  readonly #after: number;
  readonly #rejected: string | undefined;
  readonly #over = new AbortController();
  #resolve!: (answer: Response) => void;
  #reject!: (reason: unknown) => void;

  /** @param after - when the token ends that the manager has in hand; 0 if any other one will do. */
  constructor({ scope, rejected, signal }: TokenRequest, after: number) {
    this.scope = scope;
    this.#rejected = rejected;
    this.#after = after;
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const abort = (): void => {
      this.#reject(signal.reason);
      this.end();
    };
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { signal: this.#over.signal });
  }

  /** Fires when nothing is waited for any more. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  get over(): boolean {
    return this.#over.signal.aborted;
  }

  /** Takes an answer, if it can be what is waited for. */
  answer({ answer, age, expiresAt = Infinity }: Message & { type: "answer" }): boolean {
    if (this.over || expiresAt <= this.#after) return false;
    // Another tab may have asked before it knew of the refusal.
    if (this.#rejected !== undefined && answer.text.includes(this.#rejected)) return false;
    this.#resolve(responseOf(answer, age));
    this.end();
    return true;
  }

  fail(status: number | undefined): void {
    this.#reject(Object.assign(new Error("another tab asked, and its request failed"), { status }));
    this.end();
  }

  end(): void {
    this.#over.abort();
  }

  /** Resolves after `ms`, or when nothing is waited for any more. */
  within(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.over) return resolve();
      const timer = setTimeout(resolve, ms);
      this.signal.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
