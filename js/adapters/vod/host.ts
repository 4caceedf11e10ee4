import { fromFailure, invalidOption, UploadTokenError, type Failure } from "../../errors.js";
import { report } from "../../manager.js";
import type { TokenManager } from "../../types.js";
import { failure, onFailure, type Core } from "../../wasm.js";
import { Files, parameters, type FileEntry } from "./files.js";
import { Page } from "./page.js";
import type { Sdk } from "./sdk.js";
import type { UploadInfo, VodOptions, VodTokenEvent } from "./types.js";

/** @internal What the module exports for uploaders. */
type UploadCore = InstanceType<Core["UploadCore"]>;

/** Requests to OSS without a time-out of the page's own. */
const OSS_TIMEOUT = 60_000;
/** Parameters that are numbers in JSON. */
const NUMBERS = ["fileSize", "cateId"];
/** Beyond all of the SDK's time-outs together, ms: an upload that is silent for longer has stalled. */
const STALL_SLACK = 30_000;

/**
 * Hosts whose uploader is at a file. While that waits for a credential, nothing else may know it: not the page,
 * which need not keep it, and not the SDK, which has no request out.
 */
const busy = new Set<Host>();

/** @internal What the module asks for, about one uploader of the SDK. */
export class Host {
  readonly files = new Files();
  readonly page: Page;
  readonly #options: VodOptions;
  readonly #tokens: TokenManager | null;
  readonly #load: () => Promise<Core>;
  #nextNonce = 0;
  #sdk: Sdk | undefined;
  #core: UploadCore | undefined;
  #starting: Promise<UploadCore> | undefined;
  readonly #mourn = (error: UploadTokenError): void => {
    busy.delete(this);
    for (const entry of this.files) {
      const { state } = entry.info;
      if (entry.askedAt > 0 && (state === "Ready" || state === "Failure")) {
        this.#fail(entry, error.code, error.message);
      }
    }
  };

  constructor(tokens: TokenManager | null, options: VodOptions, load: () => Promise<Core>) {
    this.#tokens = tokens;
    this.#options = options;
    this.#load = load;
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
    entry.askedAt = performance.now();
    entry.waitedForToken = 0;
    try {
      if (this.#sts && this.#scope(entry) === undefined) throw invalidOption("perFile", "must return a string");
      const core = this.#core ?? (await this.#start());
      const { name, type } = info.file;
      const checkpoint = info.checkpoint !== undefined && info.checkpoint !== "";
      const { isImage, videoId } = info;
      core.started(id, { name, type, isImage, fields: parameters(info), videoId, checkpoint });
    } catch (cause) {
      const error = failure() ?? (cause instanceof UploadTokenError ? cause : undefined);
      this.#fail(entry, error?.code ?? "wasm", error?.message ?? "the WebAssembly module failed; reload the page");
    }
  }

  /** Tells the module something of a file that it knows. */
  tell<R>(info: UploadInfo, act: (core: UploadCore, file: number) => R): R | undefined {
    const file = this.files.find(info)?.id;
    const core = this.#alive();
    return core && file !== undefined ? act(core, file) : undefined;
  }

  #start(): Promise<UploadCore> {
    this.#starting ??= this.#load().then(
      ({ UploadCore }) => (this.#core = new UploadCore(this.#settings(), weakly(new WeakRef(this)))),
    );
    this.#starting.catch(() => (this.#starting = undefined));
    onFailure(this.#mourn);
    return this.#starting;
  }

  /** Whether UploadAuths are asked of VOD, with an STS token. */
  get #sts(): boolean {
    return this.#options.uploadAuth === undefined;
  }

  #settings(): object {
    const { deadline, endpoint, region = "cn-shanghai", request, uploadAuth } = this.#options;
    const { retryCount, retryDuration, timeout } = this.#options;
    // As the SDK reads them: 0 is its default, and an input field gives texts.
    const attempt = (Number(timeout) || OSS_TIMEOUT) + 1000 * (Number(retryDuration) || 2);
    const stall = (1 + (Number(retryCount) || 3)) * attempt + STALL_SLACK;
    const common = { wait: deadline, stall, seed: Math.random() * Number.MAX_SAFE_INTEGER };
    if (this.#sts) return { ...common, endpoint: endpoint ?? `https://vod.${region}.aliyuncs.com` };
    return { ...common, source: uploadAuth instanceof URL ? uploadAuth.href : uploadAuth, request };
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

  #fail(entry: FileEntry, code: string, message: string): void {
    const { info } = entry;
    if (info.state === "Uploading") entry.muted = true;
    this.sdk.abandon(info);
    this.page.call("onUploadFailed", info, code, message);
    // Unless the page has just started the uploader itself.
    this.sdk.advance();
  }

  // What the module asks for.

  look(file: number): object | undefined {
    const entry = this.files.get(file);
    return entry && this.sdk.look(entry.info);
  }

  /** What an AppServer is told: VOD's parameters by their names with a small first letter. */
  about(file: number, videoId: string | undefined, isImage: boolean): object | undefined {
    const info = this.files.get(file)?.info;
    if (!info) return undefined;
    const { name } = info.file;
    const image: Record<string, unknown> = {};
    const about: Record<string, unknown> = { title: name, fileName: name, ...(videoId !== undefined && { videoId }) };
    for (const [parameter, text] of Object.entries(parameters(info))) {
      const key = parameter.charAt(0).toLowerCase() + parameter.slice(1);
      const number = NUMBERS.includes(key) ? Number.parseFloat(text) : NaN;
      (key.startsWith("image") ? image : about)[key] = Number.isFinite(number) ? number : text;
    }
    return isImage ? { ...about, image } : about;
  }

  token(file: number): (request: { signal: AbortSignal }) => unknown {
    const host = new WeakRef(this);
    return ({ signal }) => host.deref()?.getToken(file, signal);
  }

  async getToken(file: number, signal: AbortSignal): Promise<unknown> {
    const entry = this.files.get(file);
    const scope = entry && this.#scope(entry);
    if (!this.#tokens || scope === undefined) throw invalidOption("tokens", "must be a token manager in STS mode");
    const from = performance.now();
    const token = await this.#tokens.getToken({ scope, signal });
    if (entry) entry.waitedForToken += performance.now() - from;
    return token;
  }

  refused(accessKeyId: string): void {
    this.#tokens?.invalidate(accessKeyId, "VOD refused it");
  }

  nonce(): string {
    return globalThis.crypto?.randomUUID?.() ?? `${Date.now()}-${this.#nextNonce++}-${Math.random()}`;
  }

  deliver(
    file: number,
    resumed: boolean,
    uploadAuth: string,
    uploadAddress: string,
    videoId: string | undefined,
    imageId: string | undefined,
    isImage: boolean,
    forget: boolean,
  ): boolean {
    const info = this.files.get(file)?.info;
    if (!info) return false;
    const delivery = { uploadAuth, uploadAddress, videoId, imageId, isImage, forget };
    if (resumed) return this.sdk.resume(info, delivery);
    const taken = this.sdk.start(info, delivery);
    if (taken) this.#prefetchNext();
    return taken;
  }

  swap(file: number, id: string, secret: string, token: string): boolean {
    const info = this.files.get(file)?.info;
    return info !== undefined && this.sdk.swap(info, id, secret, token);
  }

  requeue(file: number, forget: boolean): void {
    const info = this.files.get(file)?.info;
    if (info) this.sdk.requeue(info, forget);
  }

  hold(hold: boolean): void {
    if (hold) busy.add(this);
    else busy.delete(this);
  }

  fail(file: number, code: string, message: string): void {
    const entry = this.files.get(file);
    if (!entry) return;
    // The time is over because the STS token did not come: the manager knows why.
    const why = this.#sts && code === "timeout" ? this.#tokens?.status(this.#scope(entry)).lastError : undefined;
    this.#fail(entry, why?.code ?? code, why?.message ?? message);
  }

  event(file: number, type: string, detail: object): void {
    const entry = this.files.get(file);
    if (!entry) return;
    const { error } = detail as { error?: Failure };
    const event = { type, info: entry.info, ...detail, ...(error && { error: fromFailure(error) }) };
    if (type === "started") {
      Object.assign(event, { waited: performance.now() - entry.askedAt, waitedForToken: entry.waitedForToken });
    }
    this.page.tell(event as VodTokenEvent);
  }

  #prefetchNext(): void {
    const next = this.sdk.next();
    if (!next || !this.#options.perFile || !this.#sts) return;
    const scope = this.#scope(this.files.of(next));
    if (scope !== undefined) this.#tokens?.prefetch(scope);
  }
}

const CALLS = [
  "look",
  "about",
  "token",
  "refused",
  "nonce",
  "deliver",
  "swap",
  "requeue",
  "fail",
  "hold",
  "event",
] as const satisfies (keyof Host)[];

/**
 * The host as the module holds it. An SDK that throws did not do what it was asked.
 *
 * Weak: the module holds its host, and a cycle through WebAssembly memory is never collected.
 */
function weakly(ref: WeakRef<Host>): object {
  const call = (name: (typeof CALLS)[number], args: unknown[]): unknown => {
    const host = ref.deref();
    try {
      return host && Reflect.apply(host[name], host, args);
    } catch {
      return undefined;
    }
  };
  return Object.fromEntries(CALLS.map((name) => [name, (...args: unknown[]) => call(name, args)]));
}
