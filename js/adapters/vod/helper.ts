import { fromFailure, invalidOption, UploadTokenError, type Failure } from "../../errors.js";
import { report } from "../../manager.js";
import type { TokenManager } from "../../types.js";
import { failure, onFailure, type Core } from "../../wasm.js";
import { Sdk } from "./sdk.js";
import type { SdkUploader, UploadInfo, VodCallbacks, VodOptions, VodTokenEvent } from "./types.js";

/** @internal What the module exports for uploaders. */
type UploadCore = InstanceType<Core["UploadCore"]>;

/** Requests to OSS without a time-out of the page's own. */
const OSS_TIMEOUT = 60_000;
/** Parameters that are numbers in JSON. */
const NUMBERS = ["fileSize", "cateId"];
/** Beyond all of the SDK's time-outs together, ms: an upload that is silent for longer has stalled. */
const STALL_SLACK = 30_000;

/**
 * Helpers whose uploader is at a file. While that waits for a credential, nothing else may know it: not the page,
 * which need not keep it, and not the SDK, which has no request out.
 */
const busy = new Set<Helper>();

/** @internal Between one uploader of the SDK and the module: reports what the SDK says and does what the module asks. */
export class Helper {
  readonly #options: VodOptions;
  readonly #tokens: TokenManager | null;
  readonly #load: () => Promise<Core>;
  readonly #ids = new WeakMap<UploadInfo, number>();
  readonly #files = new Map<number, UploadInfo>();
  readonly #asked = new WeakMap<UploadInfo, { at: number; token: number }>();
  readonly #scopes = new WeakMap<UploadInfo, string>();
  /** Files that the helper stops itself: their cancellation is none to the page. */
  readonly #muted = new WeakSet<UploadInfo>();
  #nextId = 1;
  #nextNonce = 0;
  #sdk: Sdk | undefined;
  #core: UploadCore | undefined;
  #starting: Promise<UploadCore> | undefined;
  readonly #mourn = (error: UploadTokenError): void => {
    busy.delete(this);
    for (const info of this.#files.values()) {
      if (info.state === "Ready" || info.state === "Failure") this.#fail(info, error.code, error.message);
    }
  };

  constructor(tokens: TokenManager | null, options: VodOptions, load: () => Promise<Core>) {
    this.#tokens = tokens;
    this.#options = options;
    this.#load = load;
  }

  /** Takes the uploader that {@link callbacks} were given to. */
  attach(uploader: SdkUploader): void {
    this.#sdk = new Sdk(uploader, (event) => this.#tell(event));
    for (const method of ["stopUpload", "cancelFile", "deleteFile", "cleanList"] as const) {
      const act = uploader[method].bind(uploader) as (index: number) => boolean;
      Object.assign(uploader, {
        [method]: (index: number) => {
          const done = act(index);
          this.#alive()?.changed();
          return done;
        },
      });
    }
  }

  /** The SDK's callbacks: each tells the module, and then the page. */
  callbacks(): Required<VodCallbacks> {
    const call = <K extends keyof VodCallbacks>(name: K, ...args: Parameters<Required<VodCallbacks>[K]>): void => {
      try {
        const callback = this.#options[name] as ((...args: unknown[]) => void) | undefined;
        callback?.apply(this.#options, args);
      } catch (error) {
        report(error);
      }
    };
    return {
      addFileSuccess: (info) => call("addFileSuccess", info),
      onUploadstarted: (info) => {
        call("onUploadstarted", info);
        // The SDK enters the state in which it waits only after this callback.
        queueMicrotask(() => void this.#started(info));
      },
      onUploadSucceed: (info) => {
        this.#about(info, (core, file) => core.succeeded(file));
        this.#drop(info);
        call("onUploadSucceed", info);
      },
      onUploadFailed: (info, code, message) => {
        const verdict = this.#about(info, (core, file) => core.failed(file, String(code))) ?? 0;
        if (verdict === 0) return call("onUploadFailed", info, code, message);
        if (verdict === 2) this.#sdk?.forget(info);
        // The SDK looks for the next file that is ready as soon as this returns.
        info.state = "Ready";
      },
      onUploadProgress: (info, totalSize, loaded) => {
        this.#about(info, (core, file) => core.progressed(file, loaded));
        call("onUploadProgress", info, totalSize, loaded);
      },
      onUploadCanceled: (info, event) => {
        if (!this.#muted.delete(info)) call("onUploadCanceled", info, event);
      },
      onUploadTokenExpired: (info, event) => {
        call("onUploadTokenExpired", info, event);
        const code = String((event as { code?: unknown } | undefined)?.code ?? "");
        this.#about(info, (core, file) => core.expired(file, code));
      },
      onUploadEnd: (info) => call("onUploadEnd", info),
    };
  }

  async #started(info: UploadInfo): Promise<void> {
    const file = this.#id(info);
    this.#asked.set(info, { at: performance.now(), token: 0 });
    try {
      if (this.#sts && this.#scope(info) === undefined) throw invalidOption("perFile", "must return a string");
      const core = this.#core ?? (await this.#start());
      const { name, type } = info.file;
      const checkpoint = info.checkpoint !== undefined && info.checkpoint !== "";
      const { isImage, videoId } = info;
      core.started(file, { name, type, isImage, fields: fields(info), videoId, checkpoint });
    } catch (cause) {
      const error = failure() ?? (cause instanceof UploadTokenError ? cause : undefined);
      this.#fail(info, error?.code ?? "wasm", error?.message ?? "the WebAssembly module failed; reload the page");
    }
  }

  #start(): Promise<UploadCore> {
    this.#starting ??= this.#load().then(
      ({ UploadCore }) => (this.#core = new UploadCore(this.#settings(), host(new WeakRef(this)))),
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

  #about<R>(info: UploadInfo, act: (core: UploadCore, file: number) => R): R | undefined {
    const file = this.#ids.get(info);
    const core = this.#alive();
    return core && file !== undefined ? act(core, file) : undefined;
  }

  #id(info: UploadInfo): number {
    let id = this.#ids.get(info);
    if (id === undefined) this.#ids.set(info, (id = this.#nextId++));
    this.#files.set(id, info);
    return id;
  }

  #drop(info: UploadInfo): void {
    const id = this.#ids.get(info);
    if (id !== undefined) this.#files.delete(id);
  }

  /** The scope of the file's STS token; `undefined` if the page cannot name it. The page is asked once. */
  #scope(info: UploadInfo): string | undefined {
    const { perFile } = this.#options;
    if (typeof perFile !== "function") return perFile ? `file:${this.#id(info)}` : "";
    if (!this.#scopes.has(info)) {
      try {
        const scope: unknown = perFile(info);
        if (typeof scope === "string") this.#scopes.set(info, scope);
      } catch (error) {
        report(error);
      }
    }
    return this.#scopes.get(info);
  }

  #fail(info: UploadInfo, code: string, message: string): void {
    const sdk = this.#sdk;
    if (info.state === "Uploading") this.#muted.add(info);
    sdk?.abandon(info);
    try {
      this.#options.onUploadFailed?.(info, code, message);
    } catch (error) {
      report(error);
    }
    // Unless the page has just started the uploader itself.
    sdk?.advance();
  }

  #tell(event: VodTokenEvent): void {
    try {
      this.#options.onTokenEvent?.(Object.freeze(event));
    } catch (error) {
      report(error);
    }
  }

  // What the module asks for.

  look(file: number): object | undefined {
    const info = this.#files.get(file);
    const seen = info && this.#sdk?.look(info);
    if (info && seen?.file === "Gone") this.#drop(info);
    return seen;
  }

  /** What an AppServer is told: VOD's parameters by their names with a small first letter. */
  about(file: number, videoId: string | undefined, isImage: boolean): object | undefined {
    const info = this.#files.get(file);
    if (!info) return undefined;
    const { name } = info.file;
    const image: Record<string, unknown> = {};
    const about: Record<string, unknown> = { title: name, fileName: name, ...(videoId !== undefined && { videoId }) };
    for (const [parameter, text] of Object.entries(fields(info))) {
      const key = parameter.charAt(0).toLowerCase() + parameter.slice(1);
      const number = NUMBERS.includes(key) ? Number.parseFloat(text) : NaN;
      (key.startsWith("image") ? image : about)[key] = Number.isFinite(number) ? number : text;
    }
    return isImage ? { ...about, image } : about;
  }

  token(file: number): (request: { signal: AbortSignal }) => unknown {
    const helper = new WeakRef(this);
    return ({ signal }) => helper.deref()?.getToken(file, signal);
  }

  async getToken(file: number, signal: AbortSignal): Promise<unknown> {
    const info = this.#files.get(file);
    const scope = info && this.#scope(info);
    if (!this.#tokens || scope === undefined) throw invalidOption("tokens", "must be a token manager in STS mode");
    const from = performance.now();
    const token = await this.#tokens.getToken({ scope, signal });
    const asked = info && this.#asked.get(info);
    if (asked) asked.token += performance.now() - from;
    return token;
  }

  refused(accessKeyId: string): void {
    this.#tokens?.invalidate(accessKeyId, "refused by VOD");
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
    const info = this.#files.get(file);
    const sdk = this.#sdk;
    if (!info || !sdk) return false;
    const delivery = { uploadAuth, uploadAddress, videoId, imageId, isImage, forget };
    if (resumed) return sdk.resume(info, delivery);
    const taken = sdk.start(info, delivery);
    const next = sdk.next();
    if (taken && next && this.#options.perFile && this.#sts) {
      const scope = this.#scope(next);
      if (scope !== undefined) this.#tokens?.prefetch(scope);
    }
    return taken;
  }

  swap(file: number, id: string, secret: string, token: string): boolean {
    const info = this.#files.get(file);
    return info !== undefined && this.#sdk !== undefined && this.#sdk.swap(info, id, secret, token);
  }

  requeue(file: number, forget: boolean): void {
    const info = this.#files.get(file);
    if (info) this.#sdk?.requeue(info, forget);
  }

  hold(hold: boolean): void {
    if (hold) busy.add(this);
    else busy.delete(this);
  }

  fail(file: number, code: string, message: string): void {
    const info = this.#files.get(file);
    if (!info) return;
    // The time is over because the STS token did not come: the manager knows why.
    const why = this.#sts && code === "timeout" ? this.#tokens?.status(this.#scope(info)).lastError : undefined;
    this.#fail(info, why?.code ?? code, why?.message ?? message);
  }

  event(file: number, type: string, detail: object): void {
    const info = this.#files.get(file);
    if (!info) return;
    const { error } = detail as { error?: Failure };
    const event = { type, info, ...detail, ...(error && { error: fromFailure(error) }) };
    const asked = type === "started" ? this.#asked.get(info) : undefined;
    if (asked) Object.assign(event, { waited: performance.now() - asked.at, waitedForToken: asked.token });
    this.#tell(event as VodTokenEvent);
  }
}

const HOST = [
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
] as const satisfies (keyof Helper)[];

/**
 * What the module calls. An SDK that throws did not do it.
 *
 * Weak: the module holds its host, and a cycle through WebAssembly memory is never collected.
 */
function host(ref: WeakRef<Helper>): object {
  const call = (name: (typeof HOST)[number], args: unknown[]): unknown => {
    const helper = ref.deref();
    try {
      return helper && Reflect.apply(helper[name], helper, args);
    } catch {
      return undefined;
    }
  };
  return Object.fromEntries(HOST.map((name) => [name, (...args: unknown[]) => call(name, args)]));
}

/** What the page gave about a file, each value as the text that the SDK would send. */
function fields({ videoInfo }: UploadInfo): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(videoInfo ?? {})) {
    if (!value) continue;
    if (name === "UserData") texts[name] = JSON.stringify(value);
    else if (typeof value !== "object" && typeof value !== "function") texts[name] = String(value);
  }
  return texts;
}
