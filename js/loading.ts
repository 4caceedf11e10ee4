import { loadCore, type Core, type ModuleSource } from "./core.js";
import { UploadTokenError } from "./errors.js";
import { arm } from "./glue.js";
import { aborted } from "./waiter.js";
import { passes } from "./watch.js";

/** An attempt of which nothing is heard for so long is given up, ms. As long as one request for a token. */
const PATIENCE = 10_000;
/** Wait after a first failure, ms; each further one in a row triples it. */
const BACKOFF = 1_000;
const LONGEST_BACKOFF = 10_000;

/** In ms; of the same names as in the policy of requests. */
interface LoadOptions {
  readonly deadline?: number | undefined;
  readonly backoffBase?: number | undefined;
  /** Hears of each failure after which the load is tried again, in `retryIn` ms. */
  readonly onRetry?: (error: UploadTokenError, failures: number, retryIn: number) => void;
}

interface Caller {
  resolve(core: Core): void;
  reject(error: UploadTokenError): void;
}

/**
 * @internal The module for one of its users: loaded on first use, and protected as a request for a token is. Trouble
 * that passes is tried again for as long as somebody waits, and nobody waits for longer than they said.
 */
export class Loading {
  readonly #source: ModuleSource;
  readonly #options: LoadOptions;
  readonly #callers = new Set<Caller>();
  #running = false;
  #lastError: UploadTokenError | undefined;
  /** Ends the pause before the next attempt; when it is over by the clock, as {@link performance} has it. */
  #proceed = (): void => {};
  #pausedUntil = Infinity;

  constructor(source: ModuleSource, options: LoadOptions = {}) {
    this.#source = source;
    this.#options = options;
  }

  /** The module; settles within `wait` ms, or when `signal` fires. */
  get(wait: number, signal?: AbortSignal): Promise<Core> {
    return new Promise((resolve, reject) => {
      const abort = (): void => caller.reject(aborted(signal as AbortSignal));
      const end = (): void => {
        disarm();
        signal?.removeEventListener("abort", abort);
        this.#callers.delete(caller);
      };
      const caller: Caller = {
        resolve: (core) => (end(), resolve(core)),
        reject: (error) => (end(), reject(error)),
      };
      const disarm = arm(() => caller.reject(this.#lastError ?? late(wait)), wait);
      signal?.addEventListener("abort", abort);
      this.#callers.add(caller);
      if (!this.#running) void this.#run();
      // Where a platform refuses timers, or stops them for a while, a call goes on.
      else if (performance.now() >= this.#pausedUntil) this.#proceed();
    });
  }

  /** Nobody waits any more: all are told `error`. */
  end(error: UploadTokenError): void {
    for (const caller of [...this.#callers]) caller.reject(error);
  }

  async #run(): Promise<void> {
    const { deadline = PATIENCE, backoffBase = BACKOFF, onRetry } = this.#options;
    this.#running = true;
    for (let failures = 1; this.#callers.size > 0; failures++) {
      try {
        const core = await loadCore(this.#source, deadline);
        for (const caller of [...this.#callers]) caller.resolve(core);
      } catch (cause) {
        const error = cause as UploadTokenError;
        if (!passes(error) || !canBeRepeated(this.#source)) {
          this.end(error);
          break;
        }
        // Jitter: all pages are waiting when the server returns, and must not ask together.
        const pause = Math.min(backoffBase * 3 ** (failures - 1), LONGEST_BACKOFF) * (0.5 + Math.random() / 2);
        this.#lastError = error;
        if (this.#callers.size > 0) onRetry?.(error, failures, Math.ceil(pause));
        await this.#pause(pause);
      }
    }
    this.#running = false;
    this.#lastError = undefined;
  }

  async #pause(ms: number): Promise<void> {
    this.#pausedUntil = performance.now() + ms;
    await new Promise<void>((resolve) => {
      this.#proceed = resolve;
      arm(resolve, ms);
    });
    this.#pausedUntil = Infinity;
  }
}

/** A promise that rejected rejects for ever, and the body of an answer can be read once. */
function canBeRepeated(source: ModuleSource): boolean {
  return typeof source === "function" || typeof source === "string" || source instanceof URL;
}

function late(wait: number): UploadTokenError {
  return new UploadTokenError("timeout", `the WebAssembly module did not arrive within ${wait} ms`);
}
