/**
 * Stable reason codes. New ones may be added in a minor release.
 *
 * - `closed`: the manager was closed; create a new one.
 * - `aborted`: the caller's own signal fired.
 * - `timeout`: no token arrived within the deadline.
 * - `network`: no answer arrived, or the source function failed; see `cause`.
 * - `http`: the AppServer refused; see `status` and `serverCode`.
 * - `throttled`: the AppServer asks for fewer requests; see `retryAfter`.
 * - `unauthenticated`: the user must sign in again.
 * - `forbidden`: the server does not let this user, or this page, ask for a token.
 * - `invalid_response`: the answer holds no usable token.
 * - `long_lived_key`: the answer holds a long-lived `LTAI…` key, which must never reach a browser.
 * - `expired_on_arrival`: the token had too little validity left when it arrived.
 * - `rejected`: servers keep refusing fresh tokens.
 * - `reset`: the page said that the user changed.
 * - `source`, `request`, `map_reply`, `upload_auth`: that function of the page has a mistake in it; see `cause`.
 * - `invalid_option`: an option or argument is unusable; the message names it.
 * - `wasm`: the WebAssembly module could not be loaded, or failed.
 * - `page_error`: a callback of the page, of which the uploader needs the answer, rejected, or its file cannot be read;
 *   see `cause`.
 * - `sdk_error`: the vendor's SDK threw, or did not do what it was asked; see `cause`.
 * - `upload_lost`: the vendor's SDK gave a file up without a word.
 * - `upload_stalled`: the vendor's SDK stopped reporting of a file.
 * - `upload_too_slow`: a file took longer than its credential lives, which cannot be renewed.
 *
 * docs/errors.md says of each whose move it is, and what helps; the message of an error ends with the address of that.
 */
export type UploadTokenErrorCode =
  | "closed"
  | "aborted"
  | "timeout"
  | "network"
  | "http"
  | "throttled"
  | "unauthenticated"
  | "forbidden"
  | "invalid_response"
  | "long_lived_key"
  | "expired_on_arrival"
  | "rejected"
  | "reset"
  | "source"
  | "request"
  | "map_reply"
  | "upload_auth"
  | "invalid_option"
  | "wasm"
  | "page_error"
  | "sdk_error"
  | "upload_lost"
  | "upload_stalled"
  | "upload_too_slow";

/** What {@link UploadTokenError} says beside its code and message. None of it holds a secret, but {@link cause} may. */
export interface UploadTokenErrorDetail {
  /** HTTP status of the answer, or the one that its body names if HTTP said that all is well. */
  status?: number | undefined;
  /** The AppServer's or the cloud's own error code. */
  serverCode?: string | undefined;
  /** What the server wrote for people, cut to 256 characters and without what is secret in the answer. */
  serverMessage?: string | undefined;
  /** The cloud's number of the request, which its support asks for. */
  requestId?: string | undefined;
  /** Who was asked: the address without its query. */
  url?: string | undefined;
  /** What the server asked to wait, in ms. */
  retryAfter?: number | undefined;
  /** What was thrown, where something was. By a function of the page, as it threw it: axios, for one, has the headers of its request in it. */
  cause?: unknown;
}

/** Each code has its entry there. */
const ENTRIES = "https://github.com/upload-token/upload-token/blob/HEAD/docs/errors.md#";

const FIELDS = ["status", "serverCode", "serverMessage", "requestId", "url", "retryAfter"] as const;

/** Thrown and reported by everything in this package. Match on {@link code}, not on the message. None of it holds a secret, but `cause` may, which is what a function of the page threw. */
export class UploadTokenError extends Error {
  override readonly name = "UploadTokenError";
  /** Why; stable. */
  readonly code: UploadTokenErrorCode;
  /** HTTP status of the answer, or the one that its body names if HTTP said that all is well. */
  declare readonly status?: number;
  /** The AppServer's or the cloud's own error code. */
  declare readonly serverCode?: string;
  /** What the server wrote for people, cut to 256 characters and without what is secret in the answer. */
  declare readonly serverMessage?: string;
  /** The cloud's number of the request, which its support asks for. */
  declare readonly requestId?: string;
  /** Who was asked: the address without its query. */
  declare readonly url?: string;
  /** What the server asked to wait, in ms. */
  declare readonly retryAfter?: number;

  constructor(code: UploadTokenErrorCode, message: string, detail: UploadTokenErrorDetail = {}) {
    super(`${message} — ${ENTRIES}${code}`, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    for (const name of FIELDS) if (detail[name] !== undefined) Object.assign(this, { [name]: detail[name] });
  }
}

/** Whether `error` came from this package, also when it was made in another frame or by another copy of it. */
export function isUploadTokenError(error: unknown): error is UploadTokenError {
  // By name: a class from another frame is not this class, and its `Error` is not this `Error`.
  return typeof error === "object" && error !== null && (error as Partial<Error>).name === "UploadTokenError";
}

/** @internal A failure as the module tells it. */
export interface Failure extends UploadTokenErrorDetail {
  code: string;
  message: string;
}

/** @internal */
export function fromFailure(failure: Failure): UploadTokenError {
  return new UploadTokenError(failure.code as UploadTokenErrorCode, failure.message, failure);
}

/** @internal Misuse: says which option, and what it must be. */
export function invalidOption(option: string, reason: string): UploadTokenError {
  return new UploadTokenError("invalid_option", `${option} ${reason}`);
}
