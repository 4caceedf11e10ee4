import { attach } from "./attach.js";
import { fromFailure, invalidOption, UploadTokenError, type Failure } from "./errors.js";
import { checkGetToken, checkOptions, checkScope } from "./options.js";
import type {
  GetTokenOptions,
  StsToken,
  TokenManager,
  TokenManagerEvents,
  TokenManagerOptions,
  TokenStatus,
} from "./types.js";
import { breakDown, failure, loadCore, onFailure, type Core, type Loader, type TokenCore } from "./wasm.js";

type Listener = (detail: unknown) => void;
type Reject = (error: UploadTokenError) => void;

const EMPTY: TokenStatus = {
  state: "empty",
  fetch: "idle",
  generation: 0,
  validFor: 0,
  waiting: 0,
  requests: 0,
  failures: 0,
};

const EVENTS = {
  token: true,
  refreshFailed: true,
  expired: true,
  rejected: true,
  state: true,
  warning: true,
} satisfies Record<keyof TokenManagerEvents, true>;

/** @internal The manager behind {@link createTokenManager}. It decides nothing: the module does. */
export class Manager implements TokenManager {
  readonly #options: TokenManagerOptions;
  readonly #load: Loader;
  /** Replaced, never changed in place: a listener may end itself or another while it is called. */
  #listeners: readonly (readonly [event: string, listener: Listener])[] = [];
  /** Callers whose promises the module may have to be helped out of, should it fail. */
  readonly #pending = new Set<Reject>();
  #starting: Promise<TokenCore> | undefined;
  #core: TokenCore | undefined;
  #closed = false;
  #detach: (() => void) | undefined;
  readonly #mourn = (error: UploadTokenError): void => {
    for (const reject of this.#pending) reject(error);
    this.#pending.clear();
  };

  constructor(options: TokenManagerOptions, load: Loader) {
    checkOptions(options);
    this.#options = options;
    const { wasm } = options;
    this.#load = wasm === undefined ? load : typeof wasm === "function" ? (wasm as Loader) : () => wasm;
  }

  getToken(options: GetTokenOptions = {}): Promise<StsToken> {
    const { minValidity = 0, signal, scope = "" } = options;
    return new Promise((resolve, reject) => {
      checkGetToken(options);
      if (signal?.aborted) throw aborted(signal);
      const request = (core: TokenCore): void => {
        const broken = failure();
        if (broken) return reject(broken);
        // The module may have been loaded in the very moment in which the page closed the manager.
        if (this.#closed) return reject(closed());
        if (signal?.aborted) return reject(aborted(signal));
        let waiter: number | undefined;
        const abort = (): void => {
          if (waiter !== undefined) this.#core?.cancel(scope, waiter);
        };
        const done = (): void => {
          this.#pending.delete(fail);
          signal?.removeEventListener("abort", abort);
        };
        const fail: Reject = (error) => {
          done();
          reject(error);
        };
        this.#pending.add(fail);
        signal?.addEventListener("abort", abort, { once: true });
        try {
          waiter = core.request(
            scope,
            Math.ceil(minValidity),
            (token: StsToken) => {
              done();
              resolve(token);
            },
            (cause: Failure) => fail(signal?.aborted ? aborted(signal) : fromFailure(cause)),
          );
        } catch (cause) {
          fail(breakDown(cause));
        }
      };
      // A token in hand is handed out in this very turn.
      if (this.#core) request(this.#core);
      else this.#start().then(request).catch(reject);
    });
  }

  peek(scope = ""): StsToken | undefined {
    checkScope(scope);
    return this.#look<StsToken>((core, out) => core.peek(scope, out));
  }

  prefetch(scope = ""): void {
    checkScope(scope);
    if (this.#closed || failure()) return;
    const prefetch = (): void => this.#use((core) => core.prefetch(scope));
    // A module that does not load is told to whoever asks for a token.
    if (this.#core) prefetch();
    else this.#start().then(prefetch, () => {});
  }

  invalidate(token: StsToken | string, reason?: string): void {
    const id = typeof token === "string" ? token : token?.accessKeyId;
    if (typeof id !== "string" || id === "") throw invalidOption("token", "must be a token or its accessKeyId");
    this.#use((core) => core.invalidate(id, reason));
  }

  on<E extends keyof TokenManagerEvents>(event: E, listener: (detail: TokenManagerEvents[E]) => void): () => void {
    if (!Object.hasOwn(EVENTS, event)) throw invalidOption("event", `must be one of ${Object.keys(EVENTS).join(", ")}`);
    if (typeof listener !== "function") throw new TypeError("listener must be a function");
    const entry = [event, listener as Listener] as const;
    this.#listeners = [...this.#listeners, entry];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== entry);
    };
  }

  status(scope = ""): TokenStatus {
    checkScope(scope);
    if (this.#closed) return { ...EMPTY, state: "closed" };
    const status = this.#look<TokenStatus & { lastError?: Failure }>((core, out) => core.status(scope, out));
    if (!status) return EMPTY;
    return status.lastError ? { ...status, lastError: fromFailure(status.lastError) } : status;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#use((core) => {
      core.close();
      // Later, because a method of the core may be on the stack below us.
      queueMicrotask(() => core.free());
    });
    this.#core = undefined;
    this.#detach?.();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal The module, for adapters. */
  core(): Promise<Core> {
    return loadCore(this.#load);
  }

  /** What `act` makes of the module, if it is there and works: its methods throw only when it does not. */
  #use<R>(act: (core: TokenCore) => R): R | undefined {
    if (!this.#core || failure()) return undefined;
    try {
      return act(this.#core);
    } catch (cause) {
      breakDown(cause);
      return undefined;
    }
  }

  /** What `act` has the module leave in `out`. */
  #look<T>(act: (core: TokenCore, out: { value: unknown }) => void): T | undefined {
    const out: { value: unknown } = { value: undefined };
    this.#use((core) => act(core, out));
    return out.value as T | undefined;
  }

  async #start(): Promise<TokenCore> {
    if (this.#closed) throw closed();
    this.#starting ??= this.#create();
    try {
      return await this.#starting;
    } catch (error) {
      this.#starting = undefined;
      throw error;
    }
  }

  async #create(): Promise<TokenCore> {
    const { TokenCore } = await loadCore(this.#load);
    if (this.#closed) throw closed();
    const { source, policy, deadline } = this.#options;
    const options = {
      source: source instanceof URL ? source.href : this.#weakly("source"),
      request: this.#weakly("request"),
      mapReply: this.#weakly("mapReply"),
      policy: { deadline, ...policy },
      seed: Math.random() * Number.MAX_SAFE_INTEGER,
    };
    const self = new WeakRef(this);
    try {
      this.#core = new TokenCore(options, (event: string, detail: object) => {
        const manager = self.deref();
        if (manager) manager.#emit(event, detail);
      });
    } catch (cause) {
      throw breakDown(cause);
    }
    onFailure(this.#mourn);
    this.#detach = attach(source, this);
    return this.#core;
  }

  /**
   * An option for the module to keep. A function of the page may hold this manager, and a cycle through
   * WebAssembly memory is never collected: so the module gets one that finds it when it is called, and
   * that does not throw but rejects.
   */
  #weakly(name: "source" | "request" | "mapReply"): unknown {
    const option: unknown = this.#options[name];
    if (typeof option !== "function") return option;
    const self = new WeakRef(this);
    return async (argument: unknown): Promise<unknown> => {
      const manager = self.deref();
      const found = manager && (manager.#options[name] as (argument: unknown) => unknown);
      return found?.(argument);
    };
  }

  #emit(event: string, detail: object): void {
    const failed = (detail as { error?: Failure }).error;
    if (failed) Object.assign(detail, { error: fromFailure(failed) });
    Object.freeze(detail);
    for (const [name, listener] of this.#listeners) {
      if (name !== event) continue;
      try {
        listener(detail);
      } catch (error) {
        report(error);
      }
    }
  }
}

/** @internal The module behind a manager of this package; `undefined` for any other object. */
export function coreOf(tokens: unknown): Promise<Core> | undefined {
  return tokens instanceof Manager ? tokens.core() : undefined;
}

/** @internal Reports what a listener threw, as the platform reports what its own listeners throw. */
export function report(error: unknown): void {
  if (typeof reportError === "function") reportError(error);
  else
    queueMicrotask(() => {
      throw error;
    });
}

function closed(): UploadTokenError {
  return new UploadTokenError("closed", "the token manager is closed; create a new one");
}

function aborted(signal: AbortSignal): UploadTokenError {
  const cause: unknown = signal.reason;
  return new UploadTokenError("aborted", "the wait for a token was aborted by its caller", { cause });
}
