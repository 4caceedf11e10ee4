/**
 * Credential hooks for clients that sign requests themselves: the AWS SDK (OSS speaks S3), Uppy, and Tencent's COS.
 *
 * None of them imports its client. Each gives the client what it asks for, and for no longer than the client may keep
 * it, so that a token that was replaced or refused is not signed with again.
 *
 * @packageDocumentation
 */
import { replaceMethod } from "./bind.js";
import { invalidOption } from "./errors.js";
import { checkManager } from "./is-manager.js";
import { checkScope } from "./options.js";
import type { TokenManager } from "./types.js";

/** The part of the manager that these hooks need. */
export type ProviderTokens = Pick<TokenManager, "getToken" | "peek" | "status">;

/** Options of every hook. */
export interface ProviderOptions {
  /** Which token of the manager; default `""`, the shared one. */
  scope?: string;
}

/** What `credentials` of an AWS client resolves with. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** By this device's clock; at most five minutes ahead, so that the client asks before each request. */
  readonly expiration: Date;
}

/**
 * The option `credentials` of `@aws-sdk/client-s3` and of whatever is built on it.
 *
 * The client keeps credentials until five minutes before their `expiration`, by this device's clock, which may be
 * wrong. So that lies never further ahead, and the client asks before each request; the answer is in hand.
 *
 * @example
 * ```ts
 * const client = new S3Client({
 *   region: "cn-shanghai",
 *   endpoint: "https://oss-cn-shanghai.aliyuncs.com",
 *   credentials: s3Credentials(tokens),
 * });
 * ```
 */
export function s3Credentials(tokens: ProviderTokens, options: ProviderOptions = {}): () => Promise<S3Credentials> {
  const scope = check(tokens, options);
  return async () => {
    const { accessKeyId, accessKeySecret, securityToken } = await tokens.getToken({ scope });
    const left = Math.min(tokens.status(scope).validFor, KEPT_BY_AWS);
    const expiration = new Date(Date.now() + left);
    const end = expiration.getTime();
    // With a clock that is set back meanwhile, the client would keep these for that much longer.
    replaceMethod(expiration, "getTime", () => Math.min(end, Date.now() + left));
    return { accessKeyId, secretAccessKey: accessKeySecret, sessionToken: securityToken, expiration };
  };
}

/** The client keeps credentials that have more than this left, ms: it calls those expired that have less than 300,000. */
const KEPT_BY_AWS = 299_999;

/** Options of {@link uppyCredentials}. */
export interface UppyOptions extends ProviderOptions {
  /** Such as `oss-cn-shanghai`. */
  region: string;
  /** Needed by `getTemporarySecurityCredentials`; later releases have it in their endpoint. */
  bucket?: string;
}

/** What Uppy's hooks resolve with: its releases disagree on the names. */
export interface UppyCredentials {
  /** Without the `Expiration` of release 5, at which that would end a request that is under way. */
  readonly credentials: {
    readonly AccessKeyId: string;
    readonly SecretAccessKey: string;
    readonly SessionToken: string;
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken: string;
    /** ISO 8601, by this device's clock. */
    readonly expiration: string;
  };
  readonly region: string;
  readonly bucket: string;
}

/**
 * The option `getTemporarySecurityCredentials` of `@uppy/aws-s3` up to release 5, and `getCredentials` of later ones.
 *
 * Uppy keeps what it is given, an error as well (release 5), and waits for it before each request. So what it keeps
 * asks again whenever it is waited for: each request is signed with the token in hand, and a failure is not for ever.
 *
 * @throws `UploadTokenError`, as `tokens.getToken` does, to whoever waits.
 * @example
 * ```ts
 * uppy.use(AwsS3, {
 *   s3Endpoint: "https://videos.oss-cn-shanghai.aliyuncs.com",
 *   getCredentials: uppyCredentials(tokens, { region: "oss-cn-shanghai" }),
 * });
 * ```
 */
export function uppyCredentials(
  tokens: ProviderTokens,
  options: UppyOptions,
): (options?: { signal?: AbortSignal }) => Promise<UppyCredentials> {
  const scope = check(tokens, options);
  const { region, bucket = "" } = options;
  if (typeof region !== "string" || region === "") throw invalidOption("region", "must be a text");
  if (typeof bucket !== "string") throw invalidOption("bucket", "must be a text");
  const ask = async (signal: AbortSignal | undefined): Promise<UppyCredentials> => {
    const { accessKeyId, accessKeySecret, securityToken } = await tokens.getToken({ scope, ...(signal && { signal }) });
    const credentials = {
      AccessKeyId: accessKeyId,
      SecretAccessKey: accessKeySecret,
      SessionToken: securityToken,
      accessKeyId,
      secretAccessKey: accessKeySecret,
      sessionToken: securityToken,
      expiration: new Date(Date.now() + tokens.status(scope).validFor).toISOString(),
    };
    return { credentials, region, bucket };
  };
  return ({ signal } = {}) => {
    let given = signal;
    return askedByEach(() => {
      // It is of the file for which Uppy asked; others wait for what it keeps as well, also when that file was cancelled.
      const asker = given;
      given = undefined;
      return ask(asker);
    });
  };
}

/** As the promise of `ask()`, but for whoever waits it is called again; and so it is for an answer that was kept. */
function askedByEach<T extends object>(ask: () => Promise<T>): Promise<T> {
  const then: Promise<T>["then"] = (done, failed) =>
    ask().then((answer) => {
      const made = done?.(answer);
      // Only after `done` ran: a value with `then` would be awaited again instead of delivered.
      Object.defineProperty(answer, "then", { value: then });
      return made as never;
    }, failed);
  const once = (): Promise<T> => new Promise((resolve, reject) => void then(resolve, reject));
  return {
    // `await` calls this of anything but a promise of the platform's own.
    then,
    catch: (failed) => once().catch(failed),
    finally: (ended) => once().finally(ended),
    [Symbol.toStringTag]: "Promise",
  };
}

/** What the callback of `getAuthorization` is given. Instants are in seconds since the epoch, on the server's clock. */
export interface CosCredentials {
  TmpSecretId: string;
  TmpSecretKey: string;
  SecurityToken: string;
  StartTime: number;
  ExpiredTime: number;
  /** Not for other requests, as far as the client knows such. */
  ScopeLimit: true;
}

/**
 * The option `getAuthorization` of `cos-js-sdk-v5`.
 *
 * The client signs with the span from `StartTime` to `ExpiredTime`, which is short and on the server's clock: a wrong
 * clock of the device costs no refusal. It would keep credentials by the device's clock, so that what it is given
 * matches no later request: it asks before each.
 *
 * Where the manager has no token the request fails with the client's own error; the manager's `refreshFailed` says why.
 *
 * @example
 * ```ts
 * const cos = new COS({ getAuthorization: cosAuthorization(tokens) });
 * ```
 */
export function cosAuthorization(
  tokens: ProviderTokens,
  options: ProviderOptions = {},
): (request: object, callback: (credentials: CosCredentials) => void) => void {
  const scope = check(tokens, options);
  const credentials = async (offset: number): Promise<CosCredentials> => {
    const { accessKeyId, accessKeySecret, securityToken, expiresAt } = await tokens.getToken({ scope });
    const { validFor, margin = 0 } = tokens.status(scope);
    const left = validFor + margin;
    // An AppServer that tells no time leaves an estimate by the device's clock. COS told its own then, in refusing that.
    const now = offset === 0 ? expiresAt - left : Date.now() + offset;
    const given: CosCredentials = {
      TmpSecretId: accessKeyId,
      TmpSecretKey: accessKeySecret,
      SecurityToken: securityToken,
      StartTime: Math.floor(now / 1000) - COS_BEFORE,
      ExpiredTime: Math.floor((now + Math.min(left, COS_AFTER)) / 1000),
      ScopeLimit: true,
    };
    // The client notes here what the credentials are for. It compares ends with a clock that may be wrong: that of
    // these may seem far ahead when it is over.
    return Object.defineProperty(given, "ScopeKey", { get: () => undefined, set: () => {} });
  };
  return (request, callback) => {
    // In ms; not 0 once COS has refused a request for its time.
    const { SystemClockOffset: offset } = request as { SystemClockOffset?: number };
    credentials(offset ?? 0).then(callback, () => callback(NONE));
  };
}

/** How far the server's clock may be behind the estimate, s. */
const COS_BEFORE = 60;
/** How long a request may take to be sent, and how far the server's clock may be ahead of the estimate, ms. */
const COS_AFTER = 45_000;

/** The client has no way to be told of an error; it fails a request whose credentials are empty. */
const NONE: CosCredentials = {
  TmpSecretId: "",
  TmpSecretKey: "",
  SecurityToken: "",
  StartTime: 0,
  ExpiredTime: 0,
  ScopeLimit: true,
};

function check(tokens: ProviderTokens, options: ProviderOptions): string {
  checkManager(tokens);
  if (typeof options !== "object" || options === null) throw invalidOption("options", "must be an object");
  const { scope = "" } = options;
  checkScope(scope);
  return scope;
}
