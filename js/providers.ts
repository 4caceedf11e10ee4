/**
 * Credential hooks for clients that sign requests themselves: the AWS SDK (OSS speaks S3), Uppy, and Tencent's COS.
 *
 * None of them imports its client. Each gives the client what it asks for, and for no longer than the client may keep
 * it, so that a token that was replaced or refused is not signed with again.
 *
 * @packageDocumentation
 */
import { invalidOption } from "./errors.js";
import { checkScope } from "./options.js";
import type { StsToken, TokenManager } from "./types.js";

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
    return { accessKeyId, secretAccessKey: accessKeySecret, sessionToken: securityToken, expiration };
  };
}

/** The client calls credentials expired when they have less than this left, ms. */
const KEPT_BY_AWS = 300_000;

/** Options of {@link uppyCredentials}. */
export interface UppyOptions extends ProviderOptions {
  /** Such as `oss-cn-shanghai`. */
  region: string;
  /** Needed by `getTemporarySecurityCredentials`; later releases have it in their endpoint. */
  bucket?: string;
}

/** What Uppy's hooks resolve with: its releases disagree on the names. */
export interface UppyCredentials {
  readonly credentials: {
    readonly AccessKeyId: string;
    readonly SecretAccessKey: string;
    readonly SessionToken: string;
    /** ISO 8601, by this device's clock. */
    readonly Expiration: string;
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken: string;
    readonly expiration: string;
  };
  readonly region: string;
  readonly bucket: string;
}

/**
 * The option `getTemporarySecurityCredentials` of `@uppy/aws-s3` up to release 5, and `getCredentials` of later ones.
 *
 * Later releases keep what they are given until a request is refused, and read it for each. What they read is
 * therefore alive: it is the token that the manager has in hand at that moment. Only if none is, because the last one
 * ended while nothing was sent, does the client find that out from a refusal, as it would by itself.
 *
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
  return async ({ signal } = {}) => {
    let last = await tokens.getToken({ scope, ...(signal && { signal }) });
    /** The token of this moment. Asking for it has it refreshed in time for the next request. */
    const current = (): StsToken => {
      tokens.getToken({ scope }).then(
        (token) => (last = token),
        // Its listeners have been told; Uppy will be by the server, if the token has ended by then.
        () => {},
      );
      return tokens.peek(scope) ?? last;
    };
    const { accessKeyId, accessKeySecret, securityToken } = last;
    const expiration = new Date(Date.now() + tokens.status(scope).validFor).toISOString();
    const credentials = {
      AccessKeyId: accessKeyId,
      SecretAccessKey: accessKeySecret,
      SessionToken: securityToken,
      Expiration: expiration,
      expiration,
      get accessKeyId() {
        return current().accessKeyId;
      },
      get secretAccessKey() {
        return current().accessKeySecret;
      },
      get sessionToken() {
        return current().securityToken;
      },
    };
    return { credentials, region, bucket };
  };
}

/** What the callback of `getAuthorization` is given. Instants are in seconds since the epoch, on the server's clock. */
export interface CosCredentials {
  TmpSecretId: string;
  TmpSecretKey: string;
  SecurityToken: string;
  StartTime: number;
  ExpiredTime: number;
}

/**
 * The option `getAuthorization` of `cos-js-sdk-v5`.
 *
 * The client keeps credentials until a minute before their `ExpiredTime`, by a clock that it sets right after a refusal
 * only, and signs with the span from `StartTime` on. So that span is short and on the server's clock: the client
 * asks before each request, and a wrong clock of the device costs no refusal.
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
  const credentials = async (): Promise<CosCredentials> => {
    const { accessKeyId, accessKeySecret, securityToken, expiresAt } = await tokens.getToken({ scope });
    const { validFor, margin = 0 } = tokens.status(scope);
    const now = Math.floor((expiresAt - validFor - margin) / 1000);
    return {
      TmpSecretId: accessKeyId,
      TmpSecretKey: accessKeySecret,
      SecurityToken: securityToken,
      StartTime: now - COS_BEFORE,
      ExpiredTime: Math.min(now + COS_AFTER, Math.floor(expiresAt / 1000)),
    };
  };
  return (_request, callback) => {
    credentials().then(callback, () => callback(NONE));
  };
}

/** How far the server's clock may be behind the estimate, s. */
const COS_BEFORE = 60;
/** The client keeps credentials that have more than a minute left; the estimate may be some seconds ahead, s. */
const COS_AFTER = 45;

/** The client has no way to be told of an error; it fails a request whose credentials are empty. */
const NONE: CosCredentials = { TmpSecretId: "", TmpSecretKey: "", SecurityToken: "", StartTime: 0, ExpiredTime: 0 };

function check(tokens: ProviderTokens, options: ProviderOptions): string {
  if (typeof tokens?.getToken !== "function") throw invalidOption("tokens", "must be a token manager");
  if (typeof options !== "object" || options === null) throw invalidOption("options", "must be an object");
  const { scope = "" } = options;
  checkScope(scope);
  return scope;
}
