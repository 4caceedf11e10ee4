import { sameFile, type FileEntry } from "./files.js";
import { tickets } from "./tickets.js";
import type { Client, SdkUploader, UploadInfo, VodTokenEvent } from "./types.js";

// Everything private is asked for before it is used: a build that lacks it gets along with the documented calls, at
// the price that the diagnostics name.

/** The SDK's private state, as far as the helper knows it. Any of it may be missing. */
interface Private {
  _state?: unknown;
  _curIndex?: unknown;
  _uploadList?: unknown;
  _ossUpload?: unknown;
  _ossCreditor?: unknown;
  _onbeforeunload?: unknown;
  _removeCheckoutpoint?: unknown;
}

/** Private member → what the helper does without it. */
const WITHOUT = {
  _state: "states are judged by the file alone",
  _curIndex: "the current file is judged by its state alone",
  _ossUpload: "credentials are renewed only after OSS refused one",
  _removeCheckoutpoint: "saved checkpoints are removed from localStorage directly",
} satisfies Partial<Record<keyof Private, string>>;

/** @internal What can be seen of one uploader of the SDK, its private members included. */
export class Inside {
  readonly uploader: SdkUploader;
  readonly #private: Private;
  readonly #tell: (event: VodTokenEvent) => void;
  readonly #told = new Set<string>();
  /** The file that the SDK is at, or was last, and where that stood. Weak: what is over and out of the list is nobody's. */
  #at: WeakRef<UploadInfo> | undefined;
  #index = -1;

  constructor(uploader: SdkUploader, tell: (event: VodTokenEvent) => void) {
    this.uploader = uploader;
    this.#private = uploader as unknown as Private;
    this.#tell = tell;
    this.#followFile();
  }

  /** The SDK's own list. Of one that the page has frozen, a copy in its place. */
  list(): UploadInfo[] {
    const list = this.uploader.listFiles();
    if (Object.isExtensible(list) || !("_uploadList" in this.#private)) return list;
    this.#private._uploadList = [...list];
    return this.uploader.listFiles();
  }

  state(): string | undefined {
    const state = this.#private._state;
    if (typeof state === "string") return state;
    this.#missing("_state");
    return undefined;
  }

  /** Puts the SDK into a state, if it has that member. */
  setState(state: string): boolean {
    if (this.state() === undefined) return false;
    this.#private._state = state;
    return true;
  }

  /** Whether the SDK ended a file and goes on with none. A hidden state is not known to be another. */
  idle(): boolean {
    const state = this.state();
    return state === "Failure" || state === "Stop" || state === undefined;
  }

  /** The file that the SDK is at, or was last. The page may have taken it out of the list. */
  current(): UploadInfo | undefined {
    const index = this.#private._curIndex;
    return typeof index === "number" ? (this.#at?.deref() ?? this.list()[index]) : undefined;
  }

  isCurrent(info: UploadInfo): boolean {
    if (typeof this.#private._curIndex === "number") return sameFile(this.current(), info);
    this.#missing("_curIndex");
    return true;
  }

  /**
   * The SDK remembers a position in its list, which the page may sort, and take rows from. So that is where its file
   * stands now, and -1 where that stands no longer.
   */
  #followFile(): void {
    if (typeof this.#private._curIndex !== "number") return;
    this.#index = this.#private._curIndex;
    Object.defineProperty(this.uploader, "_curIndex", {
      configurable: true,
      enumerable: true,
      get: () => this.#position(),
      set: (index: number) => {
        this.#index = index;
        this.#follow(this.list()[index]);
      },
    });
  }

  #position(): number {
    const list = this.list();
    if (this.#at === undefined) return this.#index;
    const at = this.#at.deref();
    if (!at) return -1;
    if (!sameFile(list[this.#index], at)) this.#index = list.findIndex((info) => sameFile(info, at));
    // The page may have frozen it: then a copy stands in its place.
    const present = list[this.#index];
    if (present && present !== at) this.#follow(present);
    return this.#index;
  }

  #follow(info: UploadInfo | undefined): void {
    this.#at = info && new WeakRef(info);
  }

  /** The client that the SDK made last. */
  client(): Client | undefined {
    const client = this.#private._ossUpload;
    return typeof client === "object" && client !== null ? (client as Client) : undefined;
  }

  setClient(client: Client): void {
    if ("_ossUpload" in this.#private) this.#private._ossUpload = client;
  }

  /** Whether that member could be written: without it a running client keeps its credential. */
  noClient(): void {
    this.#missing("_ossUpload");
  }

  /** What the SDK would make its next client with. */
  creditor(): object | undefined {
    const creditor = this.#private._ossCreditor;
    return typeof creditor === "object" && creditor !== null ? creditor : undefined;
  }

  /** After any stop or failure the SDK takes the page for one that is being left, and saves no progress any more. */
  staysOnPage(): void {
    if (this.#private._onbeforeunload === true) this.#private._onbeforeunload = false;
  }

  /** Forgets what was stored of the file: it goes to another object, or its upload no longer exists. */
  forget({ info }: FileEntry): void {
    delete info.checkpoint;
    tickets.drop(info.videoId);
    const remove = this.#private._removeCheckoutpoint;
    if (typeof remove === "function") {
      Reflect.apply(remove, this.uploader, [info]);
      return;
    }
    this.#missing("_removeCheckoutpoint");
    const { lastModified, name, size } = info.file;
    try {
      localStorage.removeItem(`upload_${lastModified}_${name}_${size}`);
    } catch {
      // Storage may be forbidden; then nothing was saved.
    }
  }

  /** Tells of something once: of two with the same `key`, only of the first. */
  diagnose(key: string, event: VodTokenEvent & { type: "diagnostic" }): void {
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.#tell(event);
  }

  #missing(name: keyof typeof WITHOUT): void {
    const message = `this build of the SDK has no ${name}: ${WITHOUT[name]}`;
    this.diagnose(name, { type: "diagnostic", missing: name, message });
  }
}
