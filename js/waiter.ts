import { onFailure } from "./core.js";
import { UploadTokenError } from "./errors.js";
import { letProcessEnd } from "./process.js";
import type { StsToken } from "./types.js";

/** Callers that wait, in all managers. They are held here and nowhere else, and they hold their manager. */
const waiters = new Map<number, Waiter>();
/** The module has numbers of its own above. */
const LARGEST_ID = 2 ** 31 - 1;
let lastId = 0;
let failureTold = false;

const rejectAll = (error: UploadTokenError): void => {
  for (const waiter of [...waiters.values()]) waiter.reject(error);
};

/** @internal One pending call of `getToken`. */
export class Waiter {
  readonly id: number;
  /** Is not collected while this waits. */
  readonly owner: object;
  readonly #resolve: (token: StsToken) => void;
  readonly #reject: (error: UploadTokenError) => void;
  #onEnd: () => void = () => {};

  constructor(owner: object, resolve: (token: StsToken) => void, reject: (error: UploadTokenError) => void) {
    this.owner = owner;
    lastId = (lastId % LARGEST_ID) + 1;
    this.id = lastId;
    this.#resolve = resolve;
    this.#reject = reject;
    waiters.set(this.id, this);
    if (failureTold) return;
    failureTold = true;
    onFailure(rejectAll);
  }

  get settled(): boolean {
    return waiters.get(this.id) !== this;
  }

  resolve(token: StsToken): void {
    this.#end();
    this.#resolve(token);
  }

  reject(error: UploadTokenError): void {
    this.#end();
    this.#reject(error);
  }

  /** Ends the wait when `signal` fires; `then` is called after that. */
  endWith(signal: AbortSignal, then: () => void): void {
    const end = (): void => {
      this.reject(aborted(signal));
      then();
    };
    signal.addEventListener("abort", end, { once: true });
    this.#onEnd = () => signal.removeEventListener("abort", end);
  }

  #end(): void {
    waiters.delete(this.id);
    this.#onEnd();
    if (waiters.size === 0) letProcessEnd();
  }
}

/** @internal The caller with this number, if it still waits. */
export function waiterOf(id: number): Waiter | undefined {
  return waiters.get(id);
}

/** @internal */
export function aborted(signal: AbortSignal): UploadTokenError {
  const cause: unknown = signal.reason;
  return new UploadTokenError("aborted", "the wait for a token was aborted by its caller", { cause });
}
