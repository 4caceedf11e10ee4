import { invalidOption } from "../errors.js";
import { scopeOf, type ProviderOptions, type ProviderTokens } from "./given.js";

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
  const scope = scopeOf(tokens, options, ["region", "bucket"] satisfies (keyof UppyOptions)[]);
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
