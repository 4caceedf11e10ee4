/**
 * ali-oss with fresh credentials on every request.
 *
 * `ossOptions` is all that most pages need. `createOssClient` makes the client too, and then also hears
 * what OSS refuses. Neither imports ali-oss: 6.10.0, 6.17.1 and 6.23.0 are tested, in Node and in browsers.
 *
 * @packageDocumentation
 */
import { invalidOption } from "../errors.js";
import { checkManager } from "../is-manager.js";
import { scopeIn } from "../options.js";
import type { TokenManager } from "../types.js";
import { haveAsk } from "./ali-oss/asking.js";
import { watchClock } from "./ali-oss/clock.js";
import { listen } from "./ali-oss/refusals.js";

/** The three fields that ali-oss signs with. */
export interface OssCredentials {
  accessKeyId: string;
  accessKeySecret: string;
  stsToken: string;
}

/** Options of `new OSS(…)` that {@link ossOptions} gives. */
export interface OssCredentialOptions extends OssCredentials {
  /** Called by ali-oss, as a method of its options, before each request. */
  refreshSTSToken(this: unknown): Promise<OssCredentials>;
  /** Age in ms from which ali-oss asks for credentials: any, also after the clock was set back. */
  refreshSTSTokenInterval: number;
}

/** Options of {@link ossOptions} and {@link createOssClient}. */
export interface OssTokenOptions {
  /** Which token of the manager; default `""`, the shared one. */
  scope?: string;
}

/** The part of the manager that ali-oss needs. */
export type OssTokens = Pick<TokenManager, "getToken" | "invalidate">;

/**
 * Options that make an ali-oss client take the credentials of every request from `tokens`.
 *
 * ali-oss asks before each request, each part of a multipart upload included, and is answered at once
 * while the token in hand works. A token that has run out is never sent, however many requests start at
 * the same time, and what the AppServer's answer holds beside the token never reaches the client.
 *
 * ali-oss repeats a request for ever when OSS refuses its time (`RequestTimeTooSkewed`) and no correction
 * of the clock helps; here that ends with an error of code `rejected`.
 *
 * ali-oss 6.10 never asks, and would keep the first token for ever: it needs {@link createOssClient}.
 *
 * @throws `UploadTokenError`, as `tokens.getToken` does. Requests of the client reject with the same.
 * @example
 * ```ts
 * const client = new OSS({ region: "oss-cn-shanghai", bucket: "videos", ...(await ossOptions(tokens)) });
 * await client.multipartUpload("a.mp4", file);
 * ```
 */
export async function ossOptions(
  tokens: Pick<TokenManager, "getToken">,
  options: OssTokenOptions = {},
): Promise<OssCredentialOptions> {
  checkManager(tokens);
  const scope = scopeIn(options);
  const checkClock = watchClock();
  const credentials = async (check?: () => void): Promise<OssCredentials> => {
    check?.();
    const { accessKeyId, accessKeySecret, securityToken } = await tokens.getToken({ scope });
    return { accessKeyId, accessKeySecret, stsToken: securityToken };
  };
  return {
    ...(await credentials()),
    refreshSTSToken(this: unknown) {
      return withQuietThen(credentials(() => checkClock(this)));
    },
    // ali-oss compares it with the age by its own clock. An age is never below this, so that requests
    // which start together all wait here, where one answer serves them, and not only the first of them.
    refreshSTSTokenInterval: -Infinity,
  };
}

/**
 * `signatureUrl()` of ali-oss goes on with a promise and hears no failure of it, which would end a process of Node.
 * Whoever waits for it is told as ever.
 */
function withQuietThen(credentials: Promise<OssCredentials>): Promise<OssCredentials> {
  const then = credentials.then.bind(credentials);
  const quiet: Promise<OssCredentials>["then"] = (done, failed) => {
    const next = then(done, failed);
    if (!failed) next.catch(() => {});
    return next;
  };
  return Object.defineProperty(credentials, "then", { value: quiet });
}

/**
 * Makes an ali-oss client with {@link ossOptions}, and tells `tokens` when OSS refuses one of them.
 *
 * A token may be refused before it ends: it was revoked, or its role was changed. Then it is replaced
 * once, however many requests it was refused for, and each of them is sent again with the new one unless
 * its body is a stream. A request that OSS refuses for its time is likewise sent again, with the clock
 * corrected. After three tries the refusal is reported.
 *
 * @param OSS - The class of ali-oss.
 * @param options - As for `new OSS(…)`, without credentials. `secure` is `true` unless you say otherwise.
 * @throws `UploadTokenError`, as `tokens.getToken` does; `invalid_option` if an argument is unusable.
 * @example
 * ```ts
 * const client = await createOssClient(OSS, tokens, { region: "oss-cn-shanghai", bucket: "videos" });
 * ```
 */
export async function createOssClient<Options extends object, Client extends object>(
  OSS: new (options: Options) => Client,
  tokens: OssTokens,
  options: Omit<Options, keyof OssCredentialOptions>,
  tokenOptions: OssTokenOptions = {},
): Promise<Client> {
  if (typeof OSS !== "function") throw invalidOption("OSS", "must be the class of ali-oss");
  checkManager(tokens, "invalidate");
  if (typeof options !== "object" || options === null)
    throw invalidOption("options", "must be an object, as for new OSS(…)");
  if ((options as { scope?: unknown }).scope !== undefined) {
    throw invalidOption("scope", "is the fourth argument's: createOssClient(OSS, tokens, options, { scope })");
  }
  const credentials = await ossOptions(tokens, tokenOptions);
  // Unlike ali-oss, which follows the page's protocol and uses http in Node: a token must not travel in the clear.
  const { secure = true } = options as { secure?: boolean };
  const client = new OSS({ ...options, secure, ...credentials } as unknown as Options);
  if (isOfGenerators(client)) {
    throw invalidOption(
      "OSS",
      "is ali-oss 4 or 5, which would keep the first token for ever; take 6.10 or a newer one",
    );
  }
  haveAsk(client);
  listen(client, tokens);
  return client;
}

/**
 * Whether a client is one of ali-oss before 6, whose methods are generators. Its `OSS.Wrapper` hides such a client, and
 * has a copy of each of its methods as its own.
 */
function isOfGenerators(client: object): boolean {
  const request: unknown = (client as { request?: unknown }).request;
  if (typeof request !== "function" || Object.hasOwn(client, "request")) return Object.hasOwn(client, "request");
  // Compiled for browsers they are plain functions, whose results can be resumed.
  const made = request.prototype as { next?: unknown } | undefined;
  return typeof made?.next === "function";
}
