/// <reference lib="esnext.disposable" preserve="true" />
import type { UploadTokenError } from "./errors.js";
import type { RefreshPolicy } from "./policy.js";

/** Temporary credentials from STS. A frozen object; one token is one object for as long as it is in hand. */
export interface StsToken {
  /** `STS.…`; identifies the token and is not secret. */
  readonly accessKeyId: string;
  /** Secret: signs requests. */
  readonly accessKeySecret: string;
  /** Secret: goes with each request that {@link accessKeySecret} signed. */
  readonly securityToken: string;
  /** When it ends: ISO 8601, UTC, on the server's clock. */
  readonly expiration: string;
  /** The same instant in ms since the epoch, on the server's clock: compare it with the server's time, not with `Date.now()`. */
  readonly expiresAt: number;
  /**
   * What else the AppServer answered, as plain data: a bucket, a directory, a record of its own. Nothing that is named
   * as a part of a credential, or holds one, is in it.
   */
  readonly reply?: unknown;
}

/** Why a source is asked: there is no token, it is due, a server refused it, or it will be wanted soon. */
export type TokenReason = "initial" | "refresh" | "rejected" | "prefetch";

/** What a source is asked for. */
export interface TokenRequest {
  /** Fires when the request's deadline passes, and when the manager is reset or closed. */
  readonly signal: AbortSignal;
  readonly reason: TokenReason;
  /** The scope that the token is for; `""` is the shared one. */
  readonly scope: string;
  /** With reason `rejected`: the accessKeyId of the token that a server refused; a cache must not answer it again. */
  readonly rejected?: string;
}

/**
 * Answers with a `Response`, a JSON text, or an object in any shape that AppServers use.
 *
 * What it throws is read for the answer that it tells of, and fails as that answer would; a mistake in it fails with code
 * `source`, anything else with `network`.
 */
export type TokenSource = (request: TokenRequest) => unknown;

/** What is added to the POST request to the AppServer. */
export interface TokenRequestOptions {
  headers?: HeadersInit;
  credentials?: RequestCredentials;
  /** What can be sent again: a stream is refused. JSON is given as text. */
  body?: BodyInit;
}

/** Where the WebAssembly module comes from: its bytes, its address, an answer that holds it, or the compiled module. */
export type WasmSource = BufferSource | URL | string | Response | WebAssembly.Module;

/** Options of {@link createTokenManager}. */
export interface TokenManagerOptions {
  /** The AppServer's endpoint, asked by POST, or a function. */
  source: string | URL | TokenSource;
  /**
   * What is added to each request to the endpoint, or a function that returns it. Without a `body` of
   * yours the request has one only after a refusal or for a scope: JSON text with `reason`, `scope` and `rejected`.
   */
  request?:
    | TokenRequestOptions
    | ((request: Omit<TokenRequest, "signal">) => TokenRequestOptions | PromiseLike<TokenRequestOptions>);
  /** Turns the endpoint's answer (parsed JSON, or its text) into one with a token, such as by decrypting it. */
  mapReply?: (reply: unknown) => unknown;
  /** Deadline of one request, in ms; default 10,000. The same as `policy.deadline`. */
  deadline?: number;
  /** Numbers of the token's life; each has a default. */
  policy?: Partial<RefreshPolicy>;
  /**
   * Where the WebAssembly module comes from, when the default does not suit. A function is called on first use, and
   * again if it rejects, or gives nothing for the time of `deadline`.
   */
  wasm?: WasmSource | PromiseLike<WasmSource> | (() => WasmSource | PromiseLike<WasmSource>);
}

/** Options of {@link TokenManager.getToken}. */
export interface GetTokenOptions {
  /** Least validity that the token must have left, in ms beyond the margin; default 0. */
  minValidity?: number;
  /** Stops waiting. The request itself goes on, for other callers. */
  signal?: AbortSignal;
  /** Which token: callers with the same scope share one. Default `""`. */
  scope?: string;
}

/** Keeps STS tokens fresh. */
export interface TokenManager {
  /**
   * Resolves with a token that the cloud accepts now.
   *
   * Cheap: call it before each use. Returns the token in hand while it works, and otherwise waits for
   * the next one; callers that overlap share one request. A failed refresh never takes away a token
   * that still works.
   *
   * @throws {@link UploadTokenError}: `timeout`, `network`, `http`, `throttled`, `unauthenticated`, `forbidden`,
   *   `invalid_response`, `long_lived_key`, `expired_on_arrival`, `rejected`, `source`, `request`, `map_reply`,
   *   `aborted`, `closed`, `invalid_option`, `wasm`.
   */
  getToken(options?: GetTokenOptions): Promise<StsToken>;
  /** The token in hand, if it may be used now; asks for nothing. */
  peek(scope?: string): StsToken | undefined;
  /** Asks for a token ahead of its first use, and keeps it fresh for the next two minutes. */
  prefetch(scope?: string): void;
  /**
   * Reports that a server refused a token: it is never handed out again. Reports about a token that is
   * no longer in hand do nothing, so late ones are harmless.
   *
   * @param token - the token or its `accessKeyId`.
   * @param reason - for the `rejected` event; a code, never a secret.
   */
  invalidate(token: StsToken | string, reason?: string): void;
  /** Listens to an event. Returns the function that ends it. */
  on<E extends keyof TokenManagerEvents>(event: E, listener: (detail: TokenManagerEvents[E]) => void): () => void;
  /** What is known of a token, without secrets. */
  status(scope?: string): TokenStatus;
  /**
   * The user changed: drops the tokens in hand and the requests under way, and asks anew for whoever waits.
   *
   * @param scope - only this one; without it all.
   */
  reset(scope?: string): void;
  /** Stops for good: pending calls reject with code `closed`. */
  close(): void;
  [Symbol.dispose](): void;
}

/**
 * Where a token stands.
 *
 * - `empty`: none is in hand.
 * - `valid`: it is handed out.
 * - `advisory`: it is handed out, and refreshed in the background.
 * - `mandatory`: callers wait for its successor, and get it if that does not come.
 * - `expired`, `rejected`: it is never handed out again.
 * - `closed`: the manager is.
 */
export type TokenState = "empty" | "valid" | "advisory" | "mandatory" | "expired" | "rejected" | "closed";

/** What is known of a token, without secrets. Spans are in ms. */
export interface TokenStatus {
  readonly state: TokenState;
  /** What is being done about a successor: nothing; a request is on its way; a failure is waited off; or, after failures that repetition does not help, the next call is waited for (`parked`). */
  readonly fetch: "idle" | "inFlight" | "backoff" | "parked";
  /** Number of the token, counted from 1; 0 without one. */
  readonly generation: number;
  readonly accessKeyId?: string;
  /** When it ends, in ms since the epoch on the server's clock. */
  readonly expiresAt?: number;
  /** How much longer it is handed out: a lower bound, margin deducted. */
  readonly validFor: number;
  /** Validity it had on arrival. */
  readonly life?: number;
  /** Validity below which it is not handed out. */
  readonly margin?: number;
  /** Validity below which callers wait for its successor. */
  readonly mandatory?: number;
  /** Time until it is refreshed in the background. */
  readonly refreshIn?: number;
  /** Time until the next try after a failure. */
  readonly retryIn?: number;
  /** Callers that wait. */
  readonly waiting: number;
  /** Requests made so far. */
  readonly requests: number;
  /** Failures in a row. */
  readonly failures: number;
  readonly lastError?: UploadTokenError;
}

/** What every event says. */
export interface ScopedEvent {
  readonly scope: string;
}

/** About a token, without its secrets. */
export interface TokenEvent extends ScopedEvent {
  readonly generation: number;
  readonly accessKeyId: string;
  /** When it ends, in ms since the epoch on the server's clock. */
  readonly expiresAt: number;
}

/** A request failed, or brought no newer token. */
export interface RefreshFailedEvent extends ScopedEvent {
  readonly error: UploadTokenError;
  /** Failures in a row. */
  readonly failures: number;
  /** Wait before the next try, in ms; absent if the next call decides. */
  readonly retryIn?: number;
  /** Whether the token in hand still works. */
  readonly usable: boolean;
}

/**
 * Events of a {@link TokenManager}. None holds a secret, but the `cause` of an error may, which is what a function of the page threw.
 *
 * - `token`: a new token is in hand.
 * - `refreshFailed`: a request failed.
 * - `expired`: the token ran out without a successor.
 * - `rejected`: a server refused the token.
 * - `state`: the token moved to another part of its life.
 * - `warning`: an answer was usable but not as it should be, by a stable name such as `no_expiration`.
 */
export interface TokenManagerEvents {
  token: TokenEvent;
  refreshFailed: RefreshFailedEvent;
  expired: TokenEvent;
  rejected: TokenEvent & { readonly reason?: string };
  state: ScopedEvent & { readonly state: TokenState };
  warning: ScopedEvent & { readonly warning: string };
}
