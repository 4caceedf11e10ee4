import { scopeOf, type ProviderOptions, type ProviderTokens } from "./given.js";

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
  const scope = scopeOf(tokens, options);
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
