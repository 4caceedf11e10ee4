import { replaceMethod } from "../../bind.js";
import { invalidOption, type UploadTokenError } from "../../errors.js";
import { arm } from "../../glue.js";
import { Listeners } from "../../listeners.js";
import { Speed } from "./speed.js";
import type { FileEntry } from "./files.js";
import type { Host } from "./host.js";
import { WRITERS } from "./methods.js";
import { HOST } from "./page.js";
import type { UploadInfo, UploadState, VodUploader } from "./types.js";

/** Why a file failed: what `onUploadFailed` is told. */
export interface FileError {
  readonly code: string;
  readonly message: string;
  readonly cause?: UploadTokenError;
}

/** One file of an uploader, at one moment. The same object for as long as nothing of it changes. */
export interface FileStatus {
  /** Counted from 1 in each uploader, with `perFile: true` in all that share a token manager; a file keeps it. */
  readonly id: number;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** As in `info`; only a file that waits in place of a credential that OSS refused is `Uploading`, and there `Failure`. */
  readonly state: UploadState;
  /** Whether it waits for a credential. */
  readonly waiting: boolean;
  /** Share of the file that is stored, 0 to 1. */
  readonly share: number;
  /** Bytes a second, of the last seconds; absent unless it is being sent, and where nothing has arrived for 10 s. */
  readonly speed?: number;
  /** At that speed, in ms. */
  readonly timeLeft?: number;
  /** Present while its state is `Failure`; of an empty file until it is begun. */
  readonly error?: FileError;
  /** What the SDK keeps of it: the id of the video and the like. */
  readonly info: UploadInfo;
}

/** An uploader at one moment. */
export interface UploadSnapshot {
  readonly files: readonly FileStatus[];
  /** Whether a file is being sent, or waits for its credential, or is about to be begun. */
  readonly active: boolean;
}

/** What `addFile` takes as its last but one. */
type ParamData = Parameters<VodUploader["addFile"]>[4];

/** An uploader as a user interface needs it. */
export interface UploadStore {
  readonly uploader: VodUploader;
  /** The same object until something changes. */
  getSnapshot(): UploadSnapshot;
  /** Calls `listener` when the snapshot is another, once a turn. Returns the function that ends it. */
  subscribe(listener: () => void): () => void;
  /** Adds a file, or several. */
  add(files: File | Iterable<File>, paramData?: ParamData): void;
  /** Starts whatever is ready, failed, or was stopped. */
  start(): void;
  stop(): void;
  /** Takes a file out of the queue, by its `id`; it stays in the list. */
  cancel(id: number): void;
  /** Takes a file out of the list. */
  remove(id: number): void;
  /** Sends a file again that failed, was stopped or cancelled, and starts no other. */
  retry(id: number): void;
}

const stores = new WeakMap<Host, Store>();

/**
 * The state of an uploader, to be read and subscribed to: its files with their progress, speed and errors.
 *
 * The hooks of `upload-token/vue` and `upload-token/react` are made of it.
 *
 * @param uploader - made by {@link createVodUploader}.
 * @example
 * ```ts
 * const store = observe(uploader);
 * store.subscribe(() => render(store.getSnapshot().files));
 * store.add(input.files);
 * store.start();
 * ```
 */
export function observe(uploader: VodUploader): UploadStore {
  const host = (uploader as Partial<Record<typeof HOST, () => Host>> | null | undefined)?.[HOST]?.();
  if (!host) throw invalidOption("uploader", "must be made by createVodUploader");
  let store = stores.get(host);
  if (!store) stores.set(host, (store = new Store(host)));
  return store;
}

/** Methods of the SDK after which its list, or a state in it, may be another. */
const CHANGES = [...WRITERS, "dispose"] as const;

/** A speed that is shown is computed anew after so long, ms: while nothing arrives, nobody tells that it falls. */
const SPEED_LIFE = 1_000;

/** What the SDK does not keep of a file. */
interface Seen {
  readonly speed: Speed;
  share: number;
  error: FileError | undefined;
  status?: FileStatus;
}

class Store implements UploadStore {
  readonly uploader: VodUploader;
  readonly #host: Host;
  readonly #seen = new WeakMap<FileEntry, Seen>();
  /** Why the SDK told a file to be none to send, before it listed it. */
  readonly #refused = new WeakMap<File, FileError>();
  readonly #listeners = new Listeners();
  #snapshot: UploadSnapshot = { files: [], active: false };
  /** What the listeners were told of last. */
  #told = this.#snapshot;
  #stale = true;
  #telling = false;
  /** When it was looked at, as {@link performance} has it. */
  #looked = 0;
  /** Disarms the timer by which a speed falls. */
  #disarm = (): void => {};

  constructor(host: Host) {
    this.#host = host;
    this.uploader = host.sdk.uploader;
    host.page.observer = {
      onUploadProgress: (info, size, share) => {
        const seen = this.#of(host.files.of(info));
        seen.share = share;
        seen.speed.add(performance.now(), size * share);
      },
      onUploadFailed: (info, code, message, cause) => {
        const error = { code, message, ...(cause && { cause }) };
        const entry = host.files.find(info);
        if (entry) this.#of(entry).error = error;
        else this.#refused.set(info.file, error);
      },
      changed: () => this.#changed(),
    };
    for (const name of CHANGES) {
      const method = this.uploader[name] as (...args: unknown[]) => unknown;
      replaceMethod(this.uploader, name, (...args) => {
        this.#changed();
        return method(...args);
      });
    }
  }

  getSnapshot = (): UploadSnapshot => {
    if (this.#stale || (this.#showsSpeed() && performance.now() - this.#looked >= SPEED_LIFE)) this.#look();
    return this.#snapshot;
  };

  subscribe = (listener: () => void): (() => void) => {
    const end = this.#listeners.add(listener);
    this.#expectFall();
    return () => {
      end();
      this.#expectFall();
    };
  };

  add(files: File | Iterable<File>, paramData?: ParamData): void {
    for (const file of filesOf(files)) this.uploader.addFile(file, null, null, null, paramData);
  }

  start(): void {
    this.uploader.startUpload();
  }

  stop(): void {
    this.uploader.stopUpload();
  }

  cancel(id: number): void {
    const index = this.#index(id);
    if (index >= 0) this.uploader.cancelFile(index);
  }

  remove(id: number): void {
    const index = this.#index(id);
    if (index < 0) return;
    // The SDK would go on with a file that it no longer lists.
    if (this.#list()[index]?.state !== "Success") this.uploader.cancelFile(index);
    // A callback of the page may have sorted the list meanwhile, or taken the file out of it.
    const present = this.#index(id);
    if (present >= 0) this.uploader.deleteFile(present);
  }

  retry(id: number): void {
    const info = this.#list()[this.#index(id)];
    if (!info || !AGAIN.includes(info.state)) return;
    this.#host.retry(this.#host.files.of(info));
    this.#changed();
  }

  #list(): readonly UploadInfo[] {
    return this.uploader.listFiles();
  }

  #index(id: number): number {
    idOf(id);
    return this.#list().findIndex((info) => this.#host.files.of(info).id === id);
  }

  #of(entry: FileEntry): Seen {
    let seen = this.#seen.get(entry);
    if (!seen) {
      seen = { speed: new Speed(), share: 0, error: this.#refused.get(entry.info.file) };
      this.#seen.set(entry, seen);
    }
    return seen;
  }

  /** The SDK sets a state before it tells of it, or after. So it is looked at when all that is said has been said. */
  #changed(): void {
    this.#stale = true;
    if (this.#telling) return;
    this.#telling = true;
    void Promise.resolve().then(() => {
      this.#telling = false;
      this.#look();
      this.#expectFall();
      // One that acts on what it sees is not called again for that alone.
      if (this.#told === this.#snapshot) return;
      this.#told = this.#snapshot;
      this.#listeners.call();
    });
  }

  /** Looks again after a while of silence, for as long as a speed is shown to somebody. */
  #expectFall(): void {
    this.#disarm();
    if (!this.#listeners.isEmpty && this.#showsSpeed()) this.#disarm = arm(() => this.#changed(), SPEED_LIFE);
  }

  #showsSpeed(): boolean {
    return this.#snapshot.files.some(({ speed }) => speed !== undefined);
  }

  #look(): void {
    this.#stale = false;
    this.#looked = performance.now();
    const files = this.#list().map((info) => this.#status(info));
    const active = this.#host.sdk.queue.active || files.some(({ state, waiting }) => waiting || state === "Uploading");
    const before = this.#snapshot;
    const same = files.length === before.files.length && files.every((file, index) => file === before.files[index]);
    if (!same || active !== before.active) this.#snapshot = Object.freeze({ files: Object.freeze(files), active });
  }

  #status(info: UploadInfo): FileStatus {
    const entry = this.#host.files.of(info);
    const seen = this.#of(entry);
    const { name, size } = info.file;
    const renews = info.state === "Failure" && entry.expired;
    const state = renews ? "Uploading" : info.state;
    if (state !== "Uploading") seen.speed.reset();
    const speed = seen.speed.bytesPerSecond(this.#looked);
    const share = state === "Success" ? 1 : seen.share;
    const status: FileStatus = {
      id: entry.id,
      name,
      size,
      state,
      waiting: renews || (state === "Ready" && entry.asked),
      share,
      ...(speed > 0 && { speed, timeLeft: ((1 - share) * size * 1000) / speed }),
      ...((state === "Failure" || !(entry.begun || entry.asked)) && seen.error && { error: seen.error }),
      info: entry.info,
    };
    if (seen.status && isSame(seen.status, status)) return seen.status;
    return (seen.status = Object.freeze(status));
  }
}

/** @internal The files that were given, in a list that stays: that of an input element is emptied with it. */
export function filesOf(given: File | Iterable<File>): readonly File[] {
  const several = typeof given === "object" && given !== null && Symbol.iterator in given;
  const files: readonly File[] = several ? [...given] : [given as File];
  if (files.every(isFile)) return files;
  throw invalidOption("files", "must be a File or several, such as the files of an input element");
}

/** By what it has: one of another frame, or of a framework, is not of this class. */
function isFile(file: Partial<File> | null | undefined): boolean {
  return typeof file === "object" && typeof file?.name === "string" && typeof file.size === "number";
}

/** @internal What names a file. A handler of a button is given an event, and a list gives the whole entry. */
export function idOf(id: number): number {
  if (typeof id === "number") return id;
  throw invalidOption("id", "must be the number that a file in files has as its id");
}

/** States in which a file can be sent again. */
const AGAIN: readonly UploadState[] = ["Failure", "Stoped", "Canceled"];

function isSame(one: FileStatus, other: FileStatus): boolean {
  const names = Object.keys({ ...one, ...other }) as (keyof FileStatus)[];
  return names.every((name) => one[name] === other[name]);
}
