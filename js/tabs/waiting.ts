import type { TokenRequest } from "../types.js";
import { responseOf } from "./answer.js";
import type { Message } from "./channel.js";
import { isNews, type Wanted } from "./wanted.js";

/** @internal A request of this tab's manager that another tab may answer. */
export class Waiting {
  readonly scope: string;
  /** Whether this tab asks itself. */
  asks = false;
  /** How it was answered: by another tab, or by the end of the request. */
  readonly outcome: Promise<Response>;
  readonly #wanted: Wanted;
  readonly #sinceReset: () => number;
  readonly #over = new AbortController();
  #resolve!: (answer: Response) => void;
  #reject!: (reason: unknown) => void;

  /** @param sinceReset - how long ago the user became another one, ms. */
  constructor({ scope, signal }: TokenRequest, wanted: Wanted, sinceReset: () => number) {
    this.scope = scope;
    this.#wanted = wanted;
    this.#sinceReset = sinceReset;
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
  answer({ answer, age, held }: Message & { type: "answer" }): boolean {
    // What was asked for before a reset is the former user's.
    if (this.over || age >= this.#sinceReset()) return false;
    // A token that is in no hand yet comes from its issuer, which may have been asked before the refusal.
    const { rejected } = this.#wanted;
    const news = held
      ? isNews({ ...held, age }, this.#wanted)
      : rejected === undefined || !answer.text.includes(rejected);
    if (!news) return false;
    this.#resolve(responseOf(answer, age));
    this.end();
    return true;
  }

  fail(status: number | undefined): void {
    if (this.over) return;
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
