import { createVodUploader } from "../adapters/vod.js";
import {
  filesOf,
  idOf,
  observe,
  type FileStatus,
  type UploadSnapshot,
  type UploadStore,
} from "../adapters/vod/observe.js";
import { CALLBACKS } from "../adapters/vod/options.js";
import type { VodConstructor, VodOptions, VodUploader } from "../adapters/vod/types.js";
import { replaceMethod } from "../bind.js";
import { invalidOption, UploadTokenError } from "../errors.js";
import { isManager } from "../is-manager.js";
import { Listeners } from "../listeners.js";
import { report } from "../report.js";
import type { TokenManager, TokenStatus } from "../types.js";
import { isReady, isSameManager, type UploaderGiven, type VodSource } from "./given.js";
import { standIns } from "./latest.js";
import { Kept, Lifetime, type Given } from "./lifetime.js";

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

/** A page has no more users than these in a second, in ms: it makes a manager each time that it is rendered. */
const MOST_MANAGERS = 10;
const SECOND = 1_000;

const NO_FILES: readonly FileStatus[] = [];

/** @internal What there is to see without an uploader, as on a server. */
export const NOTHING: UploaderState = { files: NO_FILES, active: false, uploader: undefined, loadError: undefined };

const kept = new Kept<UploaderMount>();

/** @internal The uploader of a component, or of all that gave the same name. */
export class UploaderMount {
  readonly #lifetime: Lifetime<UploaderGiven>;
  readonly #listeners = new Listeners();
  /** What `load` gave. */
  #Vod: VodConstructor | undefined;
  #loading = false;
  #store: UploadStore | undefined;
  /** Of which manager the uploader is. */
  #tokens: TokenManager | undefined;
  /** When there was another one, as {@link performance} has it, in the last second. */
  #changes: readonly number[] = [];
  #unsubscribe: (() => void) | undefined;
  /** Whether the page has ended it, and wanted nothing since. */
  #ended = false;
  /** What is wanted of the uploader that is not there yet. */
  #later: ((store: UploadStore) => void)[] = [];
  #state = NOTHING;

  /** That of this name, or one of its own. */
  static of(name: string | undefined, given: Given<UploaderGiven>): UploaderMount {
    return kept.get(name, () => new UploaderMount(name, given));
  }

  constructor(name: string | undefined, given: Given<UploaderGiven>) {
    this.#lifetime = new Lifetime(given, {
      begin: () => {
        this.#ended = false;
        this.#follow();
        this.#begin();
        kept.put(name, this);
      },
      end: () => {
        kept.drop(this);
        this.#end();
      },
      isKept: () => kept.has(this) && !this.#ended,
    });
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
    cancel: (id) => this.#ofFile(id, (store) => store.cancel(id)),
    remove: (id) => this.#ofFile(id, (store) => store.remove(id)),
    retry: (id) => this.#ofFile(id, (store) => store.retry(id)),
    dispose: () => {
      this.#ended = true;
      if (!this.#lifetime.mounted) kept.drop(this);
      this.#end();
    },
  };

  mount(given: Given<UploaderGiven>): () => void {
    const unmount = this.#lifetime.mount(given);
    return () => {
      unmount();
      // What those give counts now that are still there.
      this.update();
    };
  }

  /** A component was rendered, and may give something else. */
  update(): void {
    if (!this.#lifetime.mounted) return;
    this.#follow();
    // One that was rendered again is no reason to load again what could not be loaded.
    if (this.#state.loadError === undefined) this.#begin();
  }

  #ofFile(id: number, act: (store: UploadStore) => void): void {
    idOf(id);
    // Without an uploader there is no file of this id.
    if (this.#store) act(this.#store);
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
    this.#ended = false;
    this.#act(act);
    if (this.#lifetime.mounted) this.#begin();
  }

  /** The component that was mounted last, of those that say where the credentials come from. */
  #ready(): UploaderGiven | undefined {
    return this.#lifetime.given.filter(isReady).at(-1);
  }

  /** Another manager is another user's: nothing is sent for the former one any more. */
  #follow(): void {
    const tokens = this.#ready()?.tokens;
    if (!this.#store || !isManager(tokens) || !this.#tokens || isSameManager(tokens, this.#tokens)) return;
    this.#end();
    const now = performance.now();
    this.#changes = [...this.#changes.filter((at) => now - at < SECOND), now];
    // What it shows has the component rendered again, and so for ever.
    if (this.#changes.length > MOST_MANAGERS) {
      throw invalidOption(
        "tokens",
        "is another token manager at each render: make it with useTokenManager(), or once, outside of the component",
      );
    }
  }

  #begin(): void {
    const Vod = this.#lifetime.given
      .map(({ Vod }) => Vod)
      .filter((Vod) => Boolean(Vod))
      .at(-1);
    if (this.#store || this.#loading || this.#ended || !Vod) return;
    if (typeof Vod === "function" && !this.#isClosed()) this.#make(Vod);
    else void this.#load(Vod);
  }

  /**
   * Whether the manager is closed. So it is for a moment when a hidden component is shown again: it gives what it had,
   * and the next manager within this turn.
   */
  #isClosed(): boolean {
    const tokens = this.#ready()?.tokens;
    // What a test gives in the place of a manager may have no more than its uploads use.
    return isManager(tokens) && (tokens as { status?(): TokenStatus | undefined }).status?.()?.state === "closed";
  }

  async #load(from: NonNullable<VodSource>): Promise<void> {
    this.#loading = true;
    try {
      const Vod = typeof from === "function" ? from : (this.#Vod ??= await from.load());
      await Promise.resolve();
      if ((this.#lifetime.mounted || kept.has(this)) && !this.#ended) this.#make(Vod);
    } catch (cause) {
      // As a script's `onerror` does that calls `reject()`. Without an error it would be loaded at each render.
      const loadError =
        cause ?? new UploadTokenError("page_error", "the function load of Vod rejected without a reason");
      this.#show({ ...NOTHING, loadError });
    } finally {
      this.#loading = false;
    }
  }

  #make(Vod: VodConstructor): void {
    const ready = this.#ready();
    if (!ready) {
      if (this.#state.loadError !== undefined) this.#show(NOTHING);
      return;
    }
    const { tokens, options } = ready;
    const given = (): VodOptions[] => this.#lifetime.given.map(({ options }) => options);
    const own = standIns(options, given, CALLBACKS);
    this.#tokens = isManager(tokens) ? tokens : undefined;
    const uploader = createVodUploader(Vod, this.#tokens ?? null, own);
    const store = observe(uploader);
    this.#store = store;
    const { dispose } = uploader;
    // Whoever disposes of it, the next file is to have one that works.
    replaceMethod(uploader, "dispose", () => {
      dispose();
      if (this.#store === store) this.actions.dispose();
    });
    const look = (): void => this.#show({ ...store.getSnapshot(), uploader, loadError: undefined });
    this.#unsubscribe = store.subscribe(look);
    look();
    this.#catchUp(store);
  }

  #catchUp(store: UploadStore): void {
    const later = this.#later;
    this.#later = [];
    for (const act of later) {
      // A callback of the page may have disposed of it meanwhile.
      if (this.#store !== store) return;
      try {
        act(store);
      } catch (error) {
        // One file that is refused keeps none of the others.
        report(error);
      }
    }
  }

  #end(): void {
    this.#later = [];
    this.#unsubscribe?.();
    const store = this.#store;
    this.#store = undefined;
    store?.uploader.dispose();
    if (this.#state !== NOTHING) this.#show(NOTHING);
  }

  #show(state: UploaderState): void {
    this.#state = state;
    this.#listeners.call();
  }
}
