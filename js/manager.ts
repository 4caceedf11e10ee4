import { attach } from "./attach.js";
import { bindMethods } from "./bind.js";
import {
  attempt,
  breakDown,
  failure,
  type Core,
  type CredentialSource,
  type Loader,
  type ModuleSource,
  type TokenCore,
  type TokenHost,
  type UploadCore,
  type UploadHost,
  type UploadOptions,
} from "./core.js";
import { fromFailure, invalidOption, UploadTokenError, type Failure } from "./errors.js";
import { Loading } from "./loading.js";
import { nearest } from "./misuse.js";
import { checkPlatform } from "./module.js";
import { addressOf, checkGetToken, checkRequest, checkScope, checkUrl, readOptions } from "./options.js";
import { keepProcess } from "./process.js";
import { report } from "./report.js";
import { ON_RESET, type ResetListener, type TellsReset } from "./reset.js";
import type {
  GetTokenOptions,
  RefreshFailedEvent,
  StsToken,
  TokenManager,
  TokenManagerEvents,
  TokenManagerOptions,
  TokenStatus,
} from "./types.js";
import { aborted, Waiter, waiterOf } from "./waiter.js";
import { weakObject, WeakListeners, weakOption } from "./weak.js";

type Listener = (detail: unknown) => void;

/** What a caller wants, in ms. */
interface Wish {
  readonly scope: string;
  readonly minValidity: number;
  /** How much of its wait is over already. */
  readonly waited: number;
}

/** @internal The status of a manager that was asked for nothing yet. */
export const EMPTY: TokenStatus = {
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
export class Manager implements TokenManager, TellsReset {
  readonly #options: TokenManagerOptions;
  readonly #module: ModuleSource;
  readonly #loading: Loading;
  /** Replaced, never changed in place: a listener may end itself or another while it is called. */
  #listeners: readonly (readonly [event: string, listener: Listener])[] = [];
  readonly #onReset = new WeakListeners<string | undefined>();
  #core: TokenCore | undefined;
  #closed = false;
  #warned = false;
  #detach: (() => void) | undefined;

  constructor(given: TokenManagerOptions | TokenManagerOptions["source"], load: Loader) {
    const options = readOptions(given);
    this.#options = options;
    bindMethods(this);
    const { deadline, policy } = options;
    this.#module = options.wasm ?? load;
    this.#loading = new Loading(this.#module, {
      deadline: policy?.deadline ?? deadline,
      backoffBase: policy?.backoffBase,
      onRetry: (error, failures, retryIn) => {
        this.#tell("refreshFailed", { scope: "", error, failures, retryIn, usable: false });
      },
    });
  }

  getToken(options: GetTokenOptions = {}): Promise<StsToken> {
    return new Promise((resolve, reject) => {
      checkGetToken(options);
      const { minValidity = 0, signal, scope = "" } = options;
      if (signal?.aborted) throw aborted(signal);
      if (!this.#core) checkPlatform();
      const waiter = new Waiter(this, resolve, reject);
      if (signal) waiter.endWith(signal, () => this.#use((core) => core.cancel(waiter.id, scope)));
      const request = (core: TokenCore, waited: number): void => {
        this.#request(core, waiter, { scope, minValidity, waited });
      };
      // A token in hand is handed out in this very turn.
      if (this.#core) request(this.#core, 0);
      else {
        const since = performance.now();
        this.#start(this.#wait, signal).then(
          // The wait for the module is a part of the caller's wait.
          (core) => request(core, performance.now() - since),
          (error: UploadTokenError) => waiter.reject(error),
        );
      }
      if (!waiter.settled) keepProcess();
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
    else this.#start(this.#wait).then(prefetch, () => {});
  }

  invalidate(token: StsToken | string, reason?: string): void {
    const id = typeof token === "string" ? token : token?.accessKeyId;
    if (typeof id !== "string" || id === "") throw invalidOption("token", "must be a token or its accessKeyId");
    if (typeof (reason ?? "") !== "string") throw invalidOption("reason", "must be a text, such as the server's code");
    this.#use((core) => core.invalidate(id, reason));
  }

  on<E extends keyof TokenManagerEvents>(event: E, listener: (detail: TokenManagerEvents[E]) => void): () => void {
    if (!Object.hasOwn(EVENTS, event)) {
      throw invalidOption(`event ${String(event)}`, `is not known; ${nearest(String(event), Object.keys(EVENTS))}`);
    }
    if (typeof listener !== "function") throw invalidOption("listener", "must be a function");
    const entry = [event, listener as Listener] as const;
    this.#listeners = [...this.#listeners, entry];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== entry);
    };
  }

  status(scope = ""): TokenStatus {
    checkScope(scope);
    if (this.#closed) return { ...EMPTY, state: "closed" };
    const broken = failure();
    if (broken) return { ...EMPTY, lastError: broken };
    const status = this.#look<TokenStatus & { lastError?: Failure }>((core, out) => core.status(scope, out));
    if (!status) return EMPTY;
    return status.lastError ? { ...status, lastError: fromFailure(status.lastError) } : status;
  }

  reset(scope?: string): void {
    if (scope !== undefined) checkScope(scope);
    // Uploads first: none of them may ask for the new user's token.
    for (const listener of this.#onReset.all()) {
      try {
        listener(scope);
      } catch (error) {
        // An SDK that throws must not leave the former user's token in hand.
        report(error);
      }
    }
    this.#use((core) => core.reset(scope));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#use((core) => {
      core.close();
      // Later, because a method of the core may be on the stack below us.
      queueMicrotask(() => attempt(() => core.free()));
    });
    this.#core = undefined;
    // Whoever waits for the module is not known to it yet.
    this.#loading.end(closed());
    this.#detach?.();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal */
  [ON_RESET](listener: ResetListener): void {
    this.#onReset.add(listener);
  }

  /** @internal Where the module comes from, for adapters. */
  module(): ModuleSource {
    return this.#module;
  }

  /** @internal Has the module loaded, for adapters; settles within `wait` ms. */
  async core(wait: number): Promise<void> {
    await this.#start(wait);
  }

  /** @internal The module's part of an uploader, when it is loaded. The page may have closed the manager by then. */
  uploads(options: UploadOptions, host: UploadHost): UploadCore {
    if (!this.#core) throw closed();
    return this.#core.uploads(options, host);
  }

  /** @internal Tells the listeners of an event of the module. */
  event(name: string, detail: object): void {
    const failed = (detail as { error?: Failure }).error;
    this.#tell(name, failed ? { ...detail, error: fromFailure(failed) } : detail);
  }

  #tell(name: string, detail: object): void {
    Object.freeze(detail);
    if (name === "refreshFailed") this.#warn(detail as RefreshFailedEvent);
    for (const [event, listener] of this.#listeners) {
      if (event !== name) continue;
      try {
        listener(detail);
      } catch (error) {
        report(error);
      }
    }
  }

  /** The option `request`, which may be checked only when its function has returned. */
  #checkedRequest(): TokenManagerOptions["request"] {
    const { request } = this.#options;
    return typeof request === "function" ? async (asked) => checkRequest(await request(asked)) : request;
  }

  /** How long a caller waits, ms. */
  get #wait(): number {
    return this.#options.policy?.waitDeadline ?? 30_000;
  }

  /** Nobody would know of half a minute of failures but for this. */
  #warn({ error, retryIn }: RefreshFailedEvent): void {
    if (this.#warned || retryIn === undefined) return;
    if (this.#listeners.some(([event]) => event === "refreshFailed")) return;
    this.#warned = true;
    const seconds = Math.ceil(this.#wait / 1000);
    console.warn(
      `upload-token: a refresh failed. It is tried again, and callers wait up to ${seconds} s. Listen to "refreshFailed" to handle this. ${error.message}`,
    );
  }

  #request(core: TokenCore, waiter: Waiter, { scope, minValidity, waited }: Wish): void {
    const broken = failure();
    if (broken) return waiter.reject(broken);
    // The module may have been loaded in the very moment in which the page closed the manager.
    if (this.#closed) return waiter.reject(closed());
    if (waiter.settled) return;
    try {
      core.request(waiter.id, scope, Math.ceil(minValidity), waited);
    } catch (cause) {
      // All that it is given was checked: whatever this is, it came from the middle of the module.
      waiter.reject(breakDown(cause));
    }
  }

  /** What `act` makes of the module, if it is there and works. */
  #use<R>(act: (core: TokenCore) => R): R | undefined {
    const core = this.#core;
    return core && attempt(() => act(core));
  }

  /** What `act` has the module leave in `out`. */
  #look<T>(act: (core: TokenCore, out: { value: unknown }) => void): T | undefined {
    const out: { value: unknown } = { value: undefined };
    this.#use((core) => act(core, out));
    return out.value as T | undefined;
  }

  async #start(wait: number, signal?: AbortSignal): Promise<TokenCore> {
    if (this.#closed) throw closed();
    const { source } = this.#options;
    if (typeof source !== "function") checkUrl("source", source, true);
    const core = await this.#loading.get(wait, signal);
    // The page may have closed the manager in the very moment in which the module came.
    if (this.#closed) throw closed();
    return this.#core ?? this.#create(core);
  }

  #create({ TokenCore }: Core): TokenCore {
    const { deadline, policy } = this.#options;
    const options = {
      source: weakOption(this, (manager) => addressOf(manager.#options.source)),
      request: weakOption(this, (manager) => manager.#checkedRequest()),
      mapReply: weakOption(this, (manager) => manager.#options.mapReply),
      // In this order: an `undefined` among the numbers must not take the option's place.
      policy: { ...policy, deadline: policy?.deadline ?? deadline },
      seed: Math.random() * Number.MAX_SAFE_INTEGER,
    };
    const host: TokenHost = {
      resolve: (waiter, token) => waiterOf(waiter)?.resolve(token as StsToken),
      reject: (waiter, failure) => waiterOf(waiter)?.reject(fromFailure(failure as Failure)),
      ...weakObject(this, ["event"]),
    };
    try {
      this.#core = new TokenCore({ ...options, source: options.source as CredentialSource }, host);
    } catch (cause) {
      throw breakDown(cause);
    }
    this.#detach = attach(this.#options.source, this);
    return this.#core;
  }
}

/** @internal The manager, if it is one of this copy of the package. */
export function ownManager(tokens: unknown): Manager | undefined {
  return tokens instanceof Manager ? tokens : undefined;
}

function closed(): UploadTokenError {
  return new UploadTokenError("closed", "the token manager is closed; create a new one");
}
