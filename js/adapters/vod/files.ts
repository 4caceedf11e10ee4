import type { UploadFile } from "../../core.js";
import { UploadTokenError } from "../../errors.js";
import { tickets } from "./tickets.js";
import type { Client, UploadInfo } from "./types.js";

/** @internal What the SDK last stored of a file: ali-oss goes on adding the parts that are done to `checkpoint`. */
export interface Stored {
  readonly checkpoint: { readonly uploadId?: string };
  readonly state: unknown;
}

/** @internal One file of an uploader. */
export class FileEntry {
  /** The module's number for it. */
  readonly id: number;
  /** The scope that the page gave it. */
  scope?: string;
  /** Whether the SDK came to it. */
  begun = false;
  /** Whether the SDK waits for its first credential. */
  asked = false;
  /** Whether OSS refused its credential, and it waits for another. */
  expired = false;
  /** Whether it waits for a start, because it was another user's. */
  putOff = false;
  /** Counts the times the SDK came to it. */
  turn = 0;
  /** The client that sends it. The SDK's own reference moves on with its queue. */
  client: Client | undefined;
  /** Whether that client is at it, rather than between two tries of the SDK. */
  running = false;
  /** The helper stops it itself: its cancellation is none to the page. */
  muted = false;
  /** Whether the page was told how this turn of it failed. */
  told = false;
  /** What the SDK threw when it was last asked to do something for it. */
  thrown: unknown;
  /** What the SDK last said of a failure. */
  refusal: Refusal | undefined;
  /** Why it failed, where the SDK has no words for it. */
  failure: UploadTokenError | undefined;
  /** What the SDK last stored of it. */
  stored: Stored | undefined;
  /** OSS's number of the upload that it goes on with. */
  uploadId: string | undefined;
  /** Whether the page has frozen what the SDK keeps of it. */
  frozen = false;
  #info: UploadInfo;
  readonly #replace: Replace;

  constructor(id: number, info: UploadInfo, replace: Replace) {
    this.id = id;
    this.#info = info;
    this.#replace = replace;
  }

  /** What the SDK keeps of it. Where the page has frozen that, a copy in its place, which the SDK can go on with. */
  get info(): UploadInfo {
    if (!Object.isExtensible(this.#info)) {
      this.frozen = true;
      this.#info = this.#replace(this.#info);
    }
    return this.#info;
  }
}

/** @internal How many files were counted so far. */
export interface Count {
  last: number;
}

type Replace = (frozen: UploadInfo) => UploadInfo;

/** @internal What an answer of OSS says of a failure. */
export interface Refusal {
  readonly status?: number;
  readonly requestId?: string;
}

/** A number reads through any proxy as what it is; an object would be wrapped like the rest. */
const ID = Symbol("upload-token file");

type Marked = UploadInfo & { readonly [ID]?: number };

/**
 * What Immer, and with it Redux Toolkit, neither freezes nor looks into: it is no plain object. Whoever writes into it
 * is the SDK.
 */
class Kept {}

/** @internal The files in the list of one uploader, known by their number, whatever a framework has wrapped around them. */
export class Files {
  readonly #entries = new Map<number, FileEntry>();
  readonly #count: Count;
  #list: () => UploadInfo[] = () => [];
  #frozen: (info: UploadInfo) => void = () => {};

  constructor(count: Count) {
    this.#count = count;
  }

  /** Takes the SDK's list, and what is done about a file in it that the page has frozen. */
  attach(list: () => UploadInfo[], frozen: (info: UploadInfo) => void): void {
    this.#list = list;
    this.#frozen = frozen;
  }

  /** The entry of `info`, made at first sight. */
  of(info: UploadInfo): FileEntry {
    const known = this.find(info);
    if (known) return known;
    const id = (info as Marked)[ID] ?? ++this.#count.last;
    if (Object.isExtensible(info)) mark(info, id);
    const entry = new FileEntry(id, info, (frozen) => this.#copy(frozen, id));
    this.#entries.set(id, entry);
    return entry;
  }

  /** What stands for `info` now. */
  present(info: UploadInfo): UploadInfo {
    return this.find(info)?.info ?? info;
  }

  /** Has the SDK find nothing that it cannot write. */
  thaw(): void {
    for (const entry of this) void entry.info;
  }

  #copy(frozen: UploadInfo, id: number): UploadInfo {
    const copy = Object.assign({} as UploadInfo, frozen);
    mark(copy, id);
    // ali-oss adds to it what is done.
    if (Object.isFrozen(copy.checkpoint)) delete copy.checkpoint;
    const list = this.#list();
    const index = list.indexOf(frozen);
    if (index >= 0) list[index] = copy;
    this.#frozen(copy);
    return copy;
  }

  find(info: UploadInfo): FileEntry | undefined {
    return this.get((info as Marked)[ID]);
  }

  get(id: number | undefined): FileEntry | undefined {
    return id === undefined ? undefined : this.#entries.get(id);
  }

  /** Forgets the others. */
  keepOnly(isKept: (entry: FileEntry) => boolean): void {
    for (const [id, entry] of this.#entries) if (!isKept(entry)) this.#entries.delete(id);
  }

  [Symbol.iterator](): Iterator<FileEntry> {
    return [...this.#entries.values()].values();
  }
}

function mark(info: UploadInfo, id: number): void {
  Object.defineProperty(info, ID, { value: id });
  if (Object.getPrototypeOf(info) === Object.prototype) Object.setPrototypeOf(info, Kept.prototype);
}

/** @internal Whether both are one file, through proxies or not. */
export function sameFile(one: UploadInfo | undefined, other: UploadInfo | undefined): boolean {
  if (one === other) return true;
  const id = (one as Marked | undefined)?.[ID];
  return id !== undefined && id === (other as Marked | undefined)?.[ID];
}

/** What the page gave about a file, each value as the text that the SDK would send. */
function parameters({ file, videoInfo }: UploadInfo): Record<string, string> {
  const texts: Record<string, string> = {};
  // A page may have put anything in its place.
  const given = (videoInfo as UploadInfo["videoInfo"] | null | undefined) ?? {};
  for (const name of Object.keys(given)) {
    try {
      const value = given[name];
      if (!value || typeof value === "function") continue;
      texts[name] = name === "UserData" ? JSON.stringify(value) : String(value);
    } catch (cause) {
      // Of several lines, where it is about a cycle.
      const [said] = String(cause instanceof Error ? cause.message : cause).split("\n", 1);
      const message = `info.videoInfo.${name} of ${file.name} cannot be sent as text: ${said}`;
      throw new UploadTokenError("page_error", message, { cause });
    }
  }
  return texts;
}

/**
 * @internal What a page, the SDK or a stored checkpoint has in the place of a text. Of anything else than a text the
 * module would break off in the middle.
 */
export function textOf(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" ? value : undefined;
}

/** @internal What the module is told of a file. */
export function described(info: UploadInfo): Omit<UploadFile, "scope" | "place" | "waited"> {
  // What is no file has no type, and ali-oss says so.
  const { name, type, size } = info.file;
  const videoId = textOf(info.videoId);
  const checkpoint = Boolean(info.checkpoint);
  // Saved, it names its object; in memory it is of the one that was written last.
  const object = checkpoint ? ((info.checkpoint as { object?: unknown }).object ?? info.object) : undefined;
  return {
    name: textOf(name) ?? "",
    type: textOf(type) ?? "",
    size: Number.isFinite(size) ? size : 0,
    isImage: Boolean(info.isImage),
    fields: parameters(info),
    videoId,
    ticket: tickets.of(videoId),
    checkpoint,
    object: textOf(object),
  };
}
