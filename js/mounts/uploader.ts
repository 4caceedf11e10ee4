import { createVodUploader } from "../adapters/vod.js";
import { filesOf, observe, type FileStatus, type UploadSnapshot, type UploadStore } from "../adapters/vod/observe.js";
import type { UploadAuthMode, VodConstructor, VodOptions, VodUploader } from "../adapters/vod/types.js";
import { UploadTokenError } from "../errors.js";
import type { TokenManager } from "../types.js";
import { latest, type Latest } from "./latest.js";
import { Kept, Lifetime } from "./lifetime.js";
import { Listeners } from "./listeners.js";

/**
 * `AliyunUpload.Vod`, or how to come by it. `null` while there is none. `load` is called in a page only, and once; if it
 * failed, again when a file is added or a start is wanted.
 */
export type VodSource = VodConstructor | { load(): VodConstructor | PromiseLike<VodConstructor> } | null | undefined;

/** Where the credentials of `useVodUploader` come from: as the second argument of `createVodUploader`. */
export type VodTokens = TokenManager | UploadAuthMode | null | undefined;

/** Options of `useVodUploader`. */
export interface UseVodUploaderOptions extends VodOptions {
  /**
   * A name under which the uploader outlives the component, and goes on with its files: whoever mounts next with the
   * same name finds it. The token manager has to live as long. Without it uploads are stopped and the uploader is
   * disposed of with the component.
   */
  keepAlive?: string;
}

/** What a component sees of its uploader. */
export interface UploaderState extends UploadSnapshot {
  /** The SDK's own uploader, once there is one. */
  readonly uploader: VodUploader | undefined;
  /** Why there is none: what `load` of a {@link VodSource} failed with. */
  readonly loadError: unknown;
}

/** What a component does with its uploader. What comes before there is one is done when there is. */
export interface UploaderActions extends Pick<UploadStore, "add" | "start" | "stop" | "cancel" | "remove" | "retry"> {
  /**
   * Stops everything and forgets the files, also if the uploader is kept. The next file that a mounted component adds
   * has an uploader of its own.
   */
  dispose(): void;
}

/** Callbacks that a later render may add. */
const CALLBACKS = [
  "addFileSuccess",
  "onUploadstarted",
  "onUploadSucceed",
  "onUploadFailed",
  "onUploadProgress",
  "onUploadCanceled",
  "onUploadTokenExpired",
  "onUploadEnd",
  "onTokenEvent",
] as const satisfies (keyof VodOptions)[];

const NO_FILES: readonly FileStatus[] = [];

/** @internal What there is to see without an uploader, as on a server. */
export const NOTHING: UploaderState = { files: NO_FILES, active: false, uploader: undefined, loadError: undefined };

const kept = new Kept<UploaderMount>();

/** @internal The uploader of a component. */
export class UploaderMount {
  readonly #latest: Latest<VodOptions>;
  readonly #name: string | undefined;
  readonly #lifetime: Lifetime;
  readonly #listeners = new Listeners();
  #source: VodSource;
  #tokens: VodTokens;
  #store: UploadStore | undefined;
  #unsubscribe: (() => void) | undefined;
  #loading = false;
  /** Whether the page has ended it, and wanted nothing since. */
  #ended = false;
  #later: ((store: UploadStore) => void)[] = [];
  #state = NOTHING;

  static of(options: UseVodUploaderOptions): UploaderMount {
    return kept.get(options.keepAlive, () => new UploaderMount(options));
  }

  constructor({ keepAlive, ...options }: UseVodUploaderOptions) {
    this.#latest = latest(options, CALLBACKS);
    this.#name = keepAlive;
    this.#lifetime = new Lifetime(
      keepAlive !== undefined,
      () => this.#begin(),
      () => this.#end(),
    );
  }

  readonly subscribe = this.#listeners.add;
  readonly getSnapshot = (): UploaderState => this.#state;

  readonly actions: UploaderActions = {
    add: (files, paramData) => {
      const all = filesOf(files);
      this.#begun("add", (store) => store.add(all, paramData));
    },
    start: () => this.#begun("start", (store) => store.start()),
    stop: () => this.#act((store) => store.stop()),
    cancel: (id) => this.#act((store) => store.cancel(id)),
    remove: (id) => this.#act((store) => store.remove(id)),
    retry: (id) => this.#act((store) => store.retry(id)),
    dispose: () => {
      kept.drop(this);
      this.#ended = true;
      this.#end();
    },
  };

  update({ keepAlive: _, ...options }: UseVodUploaderOptions): void {
    this.#latest.update(options);
  }

  mount(source: VodSource, tokens: VodTokens): () => void {
    this.#source ??= source;
    if (isManager(tokens) && isManager(this.#tokens) && tokens !== this.#tokens) this.#end();
    this.#tokens = tokens;
    this.#ended = false;
    return this.#lifetime.mount();
  }

  #act(act: (store: UploadStore) => void): void {
    if (this.#store) act(this.#store);
    else this.#later.push(act);
  }

  /** The same, for what is not to be lost: where there is no uploader, or no longer, there is to be one. */
  #begun(name: string, act: (store: UploadStore) => void): void {
    if (this.#ended && !this.#lifetime.mounted) {
      throw new UploadTokenError("closed", `${name}() was called after dispose(), and no component is mounted`);
    }
    if (this.#ended) kept.put(this.#name, this);
    this.#ended = false;
    this.#act(act);
    if (this.#lifetime.mounted) this.#begin();
  }

  #begin(): void {
    const source = this.#source;
    if (this.#store || this.#loading || !source) return;
    if (typeof source === "function") this.#make(source);
    else void this.#load(source);
  }

  async #load(source: Exclude<VodSource, VodConstructor | null | undefined>): Promise<void> {
    this.#loading = true;
    try {
      const Vod = await source.load();
      if (this.#lifetime.mounted && !this.#ended) this.#make(Vod);
    } catch (loadError) {
      this.#show({ ...NOTHING, loadError });
    } finally {
      this.#loading = false;
    }
  }

  #make(Vod: VodConstructor): void {
    const uploader = createVodUploader(Vod, this.#tokens, this.#latest.options);
    const store = observe(uploader);
    const look = (): void => this.#show({ ...store.getSnapshot(), uploader, loadError: undefined });
    this.#store = store;
    this.#unsubscribe = store.subscribe(look);
    look();
    const later = this.#later;
    this.#later = [];
    for (const act of later) act(store);
  }

  #end(): void {
    this.#later = [];
    this.#unsubscribe?.();
    this.#store?.uploader.dispose();
    this.#store = undefined;
    if (this.#state !== NOTHING) this.#show(NOTHING);
  }

  #show(state: UploaderState): void {
    this.#state = state;
    this.#listeners.call();
  }
}

function isManager(tokens: VodTokens): tokens is TokenManager {
  return typeof (tokens as Partial<TokenManager> | null | undefined)?.getToken === "function";
}
