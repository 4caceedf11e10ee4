import type { CredentialSource, UploadCore, UploadHost, UploadOptions } from "../../core.js";
import { inlined } from "../../entries/inlined.js";
import type { UploadTokenError } from "../../errors.js";
import { Loading } from "../../loading.js";
import { ownManager } from "../../manager.js";
import { addressOf, checkRequest } from "../../options.js";
import { report } from "../../report.js";
import type { TokenManager, TokenStatus } from "../../types.js";
import { weakFunction, weakObject, weakOption } from "../../weak.js";
import type { Files } from "./files.js";
import { checkRegion, type Numbers } from "./options.js";
import type { UploadAuthRequest, VodOptions, VodSdkOptions } from "./types.js";

/** How long a file waits for its credential, unless the page says otherwise, ms. */
const DEADLINE = 30_000;

/** @internal Where the files of one uploader have their credentials from: the page's `uploadAuth`, or VOD by STS tokens. */
export class Credentials {
  readonly #tokens: TokenManager | null;
  readonly #options: VodOptions & Numbers;
  readonly #files: Files;
  /** The module, where no manager of this copy of the package is asked for tokens. */
  readonly #loading: Loading;
  #warned = false;

  constructor(tokens: TokenManager | null, options: VodOptions & Numbers, files: Files) {
    this.#tokens = tokens;
    this.#options = options;
    this.#files = files;
    this.#loading = new Loading(options.wasm ?? ownManager(tokens)?.module() ?? inlined, {
      onRetry: (error) => this.#warn(error),
    });
  }

  /** Whether UploadAuths are asked of VOD, with an STS token. */
  get areOfVod(): boolean {
    return this.#options.uploadAuth === undefined;
  }

  /** Whether those tokens are of another copy of this package, whose module tells this one nothing. */
  get areForeign(): boolean {
    return this.areOfVod && !ownManager(this.#tokens);
  }

  /** How long a file waits for its credential, and before that for the page and the module, ms. */
  get wait(): number {
    return this.#options.deadline ?? DEADLINE;
  }

  /** Loads the module: what makes its part of an uploader. Settles within `wait` ms. */
  async load(wait: number): Promise<(options: UploadOptions, host: UploadHost) => UploadCore> {
    const own = ownManager(this.#tokens);
    if (this.areOfVod && own) {
      await own.core(wait);
      return (options, host) => own.uploads(options, host);
    }
    const { UploadCore } = await this.#loading.get(wait);
    return (options, host) => new UploadCore(options, host);
  }

  /** Nobody waits for the module any more: whoever did is told `error`. */
  end(error: UploadTokenError): void {
    this.#loading.end(error);
  }

  /** What the module is to know of an uploader, whose own options the page may have changed since it was made. */
  settings(uploader: VodSdkOptions): UploadOptions {
    const { endpoint } = this.#options;
    const common = this.#common(uploader.timeout);
    if (this.areOfVod) {
      const tokens = this.areForeign ? this.#foreignTokens() : undefined;
      const region = uploader.region || "cn-shanghai";
      checkRegion(region);
      return { ...common, endpoint: endpoint ?? `https://vod.${region}.aliyuncs.com`, tokens };
    }
    const source = weakOption(this, (credentials) => {
      const source = addressOf(credentials.#options.uploadAuth);
      if (typeof source !== "function") return source;
      return (request: object, file: number) => source(credentials.#withFile(request, file));
    });
    const request = weakOption(this, (credentials) => credentials.#checkedRequest());
    return { ...common, source: source as CredentialSource, request };
  }

  // What the module asks a manager of another copy for.

  invalidate(accessKeyId: string, reason: string): void {
    this.#beside.invalidate?.(accessKeyId, reason);
  }

  prefetch(scope: string): void {
    this.#beside.prefetch?.(scope);
  }

  validFor(scope: string): number | undefined {
    const status = this.#beside.status?.(scope) as Partial<TokenStatus> | undefined;
    return status?.validFor;
  }

  /** What that manager answered beside the token. */
  reply(scope: string | undefined): unknown {
    try {
      return this.#beside.peek?.(scope)?.reply;
    } catch (error) {
      report(error);
      return undefined;
    }
  }

  /** What a manager has beside tokens. One that a page, or its test, has made may have none of it. */
  get #beside(): Partial<TokenManager> {
    return this.#tokens ?? {};
  }

  /** Nobody would know of half a minute of failures but for this. */
  #warn({ message }: UploadTokenError): void {
    if (this.#warned) return;
    this.#warned = true;
    console.warn(
      `upload-token: the module failed to load. It is tried again, and files wait up to ${Math.ceil(this.wait / 1000)} s. ${message}`,
    );
  }

  #common(
    timeout: VodSdkOptions["timeout"],
  ): Pick<UploadOptions, "wait" | "timeout" | "retryCount" | "retryDuration" | "seed"> {
    const { deadline, retryCount, retryDuration } = this.#options;
    return {
      wait: deadline,
      timeout: Number(timeout) || undefined,
      retryCount,
      retryDuration,
      seed: Math.random() * Number.MAX_SAFE_INTEGER,
    };
  }

  /** The option `request`, which may be checked only when its function has returned. */
  #checkedRequest(): VodOptions["request"] {
    const { request } = this.#options;
    return typeof request === "function" ? async (asked) => checkRequest(await request(asked), false) : request;
  }

  /** What the page's own function is asked for, with the file that it is for. */
  #withFile(request: object, file: number): UploadAuthRequest {
    const info = this.#files.get(file)?.info;
    return { ...request, file: info?.file, info } as UploadAuthRequest;
  }

  /** A token manager of another copy of this package, as the module may keep it. */
  #foreignTokens(): UploadOptions["tokens"] {
    const getToken = weakFunction(this, (found) => (scope: string, minValidity: number, signal: AbortSignal) => {
      return found.#tokens?.getToken({ scope, minValidity, signal });
    });
    return { getToken, ...weakObject(this, ["invalidate", "prefetch", "validFor"]) };
  }
}
