import { replaceMethod } from "../bind.js";
import { scopeOf, type ProviderOptions, type ProviderTokens } from "./given.js";

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
  const scope = scopeOf(tokens, options);
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
