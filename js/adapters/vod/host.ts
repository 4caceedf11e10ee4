import {
  failure,
  loadCore,
  loaderOf,
  onFailure,
  type ClientCredential,
  type CredentialSource,
  type Delivered,
  type Delivery,
  type Look,
  type UploadCore,
  type UploadHost,
  type UploadOptions,
} from "../../core.js";
import { fromFailure, invalidOption, UploadTokenError, type Failure } from "../../errors.js";
import { ownManager, report } from "../../manager.js";
import { addressOf } from "../../options.js";
import type { TokenManager } from "../../types.js";
import { weakFunction, weakObject, weakOption } from "../../weak.js";
import { Files, parameters, type FileEntry } from "./files.js";
import { Page } from "./page.js";
import type { Sdk } from "./sdk.js";
import type { UploadInfo, VodOptions, VodTokenEvent } from "./types.js";

/** Requests to OSS without a time-out of the page's own. */
const OSS_TIMEOUT = 60_000;
/** Beyond all of the SDK's time-outs together, ms: an upload that is silent for longer has stalled. */
const STALL_SLACK = 30_000;

/**
 * Hosts whose uploader is at a file. While that waits for a credential, nothing else may know it: not the page,
 * which need not keep it, and not the SDK, which has no request out.
 */
const busy = new Set<Host>();

/** @internal What the module asks for, about one uploader of the SDK. */
export class Host implements UploadHost {
  readonly files = new Files();
  readonly page: Page;
  readonly #options: VodOptions;
  readonly #tokens: TokenManager | null;
  #sdk: Sdk | undefined;
  #core: UploadCore | undefined;
  #starting: Promise<UploadCore> | undefined;
  readonly #onFailure = (error: UploadTokenError): void => {
    busy.delete(this);
    for (const entry of this.files) {
      const { state } = entry.info;
      if (entry.begun && (state === "Ready" || state === "Failure")) {
        this.#fail(entry, error);
      }
    }
  };

  constructor(tokens: TokenManager | null, options: VodOptions) {
    this.#tokens = tokens;
    this.#options = options;
    this.page = new Page(options);
  }

  /** Takes the SDK that {@link callbacks} were given to. */
  attach(sdk: Sdk): void {
    this.#sdk = sdk;
    sdk.onQueueChanged(() => {
      this.files.keepOnly(sdk.uploader.listFiles());
      this.#alive()?.changed();
    });
  }

  /** Not before the SDK's constructor has returned, and no callback comes before that. */
  get sdk(): Sdk {
    return this.#sdk as Sdk;
  }

  /** The SDK came to a file and waits. */
  async begin(entry: FileEntry): Promise<void> {
    const { id, info } = entry;
    entry.begun = true;
    try {
      const scope = this.#sts ? this.#scope(entry) : "";
      if (scope === undefined) throw invalidOption("perFile", "must return a string");
      const core = this.#core ?? (await this.#start());
      const { name, type } = info.file;
      const checkpoint = info.checkpoint !== undefined && info.checkpoint !== "";
      const { isImage, videoId } = info;
      core.started(id, { name, type, isImage, fields: parameters(info), videoId, checkpoint, scope });
    } catch (cause) {
      const error = failure() ?? (cause instanceof UploadTokenError ? cause : undefined);
      this.#fail(entry, error ?? { code: "wasm", message: "the WebAssembly module failed; reload the page" });
    }
  }

  /** Tells the module something of a file that it knows. */
  tell<R>(info: UploadInfo, act: (core: UploadCore, file: number) => R): R | undefined {
    const file = this.files.find(info)?.id;
    const core = this.#alive();
    return core && file !== undefined ? act(core, file) : undefined;
  }

  #start(): Promise<UploadCore> {
    this.#starting ??= this.#create();
    this.#starting.catch(() => (this.#starting = undefined));
    onFailure(this.#onFailure);
    return this.#starting;
  }

  async #create(): Promise<UploadCore> {
    const own = ownManager(this.#tokens);
    const { wasm } = this.#options;
    const host = weakObject(this, CALLS);
    if (this.#sts && own) return (this.#core = (await own.core()).uploads(this.#settings(), host));
    const module = wasm === undefined ? own?.module() : loadCore(loaderOf(wasm));
    if (!module) throw invalidOption("wasm", "must be given with token managers of another copy of this package");
    const { UploadCore } = await module;
    return (this.#core = new UploadCore(this.#settings(), host));
  }

  /** Whether UploadAuths are asked of VOD, with an STS token. */
  get #sts(): boolean {
    return this.#options.uploadAuth === undefined;
  }

  #settings(): UploadOptions {
    const { deadline, endpoint, region = "cn-shanghai", retryCount, retryDuration, timeout } = this.#options;
    // As the SDK reads them: 0 is its default, and an input field gives texts.
    const attempt = (Number(timeout) || OSS_TIMEOUT) + 1000 * (Number(retryDuration) || 2);
    const stall = (1 + (Number(retryCount) || 3)) * attempt + STALL_SLACK;
    const common = { wait: deadline, stall, seed: Math.random() * Number.MAX_SAFE_INTEGER };
    if (this.#sts) {
      const tokens = ownManager(this.#tokens) ? undefined : this.#foreignTokens();
      return { ...common, endpoint: endpoint ?? `https://vod.${region}.aliyuncs.com`, tokens };
    }
    const source = weakOption(this, (host) => {
      const source = addressOf(host.#options.uploadAuth);
      // What else the module tells is for this host.
      return typeof source === "function" ? (request: never) => source(request) : source;
    });
    const request = weakOption(this, (host) => host.#options.request);
    return { ...common, source: source as CredentialSource, request };
  }

  /** A token manager of another copy of this package, as the module may keep it. */
  #foreignTokens(): UploadOptions["tokens"] {
    const getToken = weakFunction(this, (host) => (scope: string, signal: AbortSignal) => {
      return host.#tokens?.getToken({ scope, signal });
    });
    return { getToken, ...weakObject(this, ["invalidate", "prefetch"]) };
  }

  /** The module, unless it has failed. */
  #alive(): UploadCore | undefined {
    return failure() ? undefined : this.#core;
  }

  /** The scope of the file's STS token; `undefined` if the page cannot name it. The page is asked once. */
  #scope(entry: FileEntry): string | undefined {
    const { perFile } = this.#options;
    if (typeof perFile !== "function") return perFile ? `file:${entry.id}` : "";
    if (entry.scope !== undefined) return entry.scope;
    try {
      const scope: unknown = perFile(entry.info);
      if (typeof scope === "string") entry.scope = scope;
    } catch (error) {
      report(error);
    }
    return entry.scope;
  }

  #fail(entry: FileEntry, { code, message }: Pick<Failure, "code" | "message">): void {
    const { info } = entry;
    if (info.state === "Uploading") entry.muted = true;
    this.sdk.abandon(info);
    this.page.call("onUploadFailed", info, code, message);
    // Unless the page has just started the uploader itself.
    this.sdk.advance();
  }

  // What the module asks for.

  look(file: number): Look | undefined {
    const entry = this.files.get(file);
    return entry && this.sdk.look(entry.info);
  }

  deliver(delivery: Delivery): Delivered | undefined {
    const info = this.files.get(delivery.file)?.info;
    if (!info) return undefined;
    if (delivery.answers === "resume") return { taken: this.sdk.resume(info, delivery) };
    return { taken: this.sdk.start(info, delivery), next: this.#nextScope() };
  }

  swap(file: number, credential: ClientCredential): boolean {
    const info = this.files.get(file)?.info;
    return info !== undefined && this.sdk.swap(info, credential);
  }

  requeue(file: number, forget: boolean): void {
    const info = this.files.get(file)?.info;
    if (info) this.sdk.requeue(info, forget);
  }

  hold(hold: boolean): void {
    if (hold) busy.add(this);
    else busy.delete(this);
  }

  fail(file: number, failure: object): void {
    const entry = this.files.get(file);
    if (entry) this.#fail(entry, failure as Failure);
  }

  event(file: number, type: string, detail: object): void {
    const entry = this.files.get(file);
    if (!entry) return;
    const { error } = detail as { error?: Failure };
    this.page.tell({
      type,
      info: entry.info,
      ...detail,
      ...(error && { error: fromFailure(error) }),
    } as VodTokenEvent);
  }

  invalidate(accessKeyId: string, reason: string): void {
    this.#tokens?.invalidate(accessKeyId, reason);
  }

  prefetch(scope: string): void {
    this.#tokens?.prefetch(scope);
  }

  /** The scope of the file that the SDK comes to next, if it has a token of its own. */
  #nextScope(): string | undefined {
    const next = this.sdk.next();
    return next && this.#options.perFile ? this.#scope(this.files.of(next)) : undefined;
  }
}

/** An SDK that throws did not do what it was asked. */
const CALLS = ["look", "deliver", "swap", "requeue", "fail", "hold", "event"] as const satisfies (keyof UploadHost)[];
