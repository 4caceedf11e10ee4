import type { UploadFile } from "../../core.js";
import type { Stored } from "./checkpoints.js";
import { tickets } from "./tickets.js";
import type { Client, UploadInfo } from "./types.js";

/** @internal One file of an uploader. */
export interface FileEntry {
  /** The module's number for it. */
  readonly id: number;
  readonly info: UploadInfo;
  /** The scope that the page gave it. */
  scope?: string;
  /** Whether the SDK came to it. */
  begun: boolean;
  /** Whether the SDK waits for its first credential. */
  asked: boolean;
  /** Counts the times the SDK came to it. */
  turn: number;
  /** The client that sends it. The SDK's own reference moves on with its queue. */
  client: Client | undefined;
  /** Whether that client is at it, rather than between two tries of the SDK. */
  running: boolean;
  /** The helper stops it itself: its cancellation is none to the page. */
  muted: boolean;
  /** What the SDK threw when it was last asked to do something for it. */
  thrown: unknown;
  /** What the SDK last said of a failure. */
  refusal: Refusal | undefined;
  /** What the SDK last stored of it. */
  stored: Stored | undefined;
}

/** @internal What an answer of OSS says of a failure. */
export interface Refusal {
  readonly status?: number;
  readonly requestId?: string;
}

/** A number reads through any proxy as what it is; an object would be wrapped like the rest. */
const ID = Symbol("upload-token file");

type Marked = UploadInfo & { readonly [ID]?: number };

/** @internal The files in the list of one uploader, known by their number, whatever a framework has wrapped around them. */
export class Files {
  readonly #entries = new Map<number, FileEntry>();
  #lastId = 0;

  /** The entry of `info`, made at first sight. */
  of(info: UploadInfo): FileEntry {
    const known = this.find(info);
    if (known) return known;
    const id = (info as Marked)[ID] ?? ++this.#lastId;
    Object.defineProperty(info, ID, { value: id });
    const entry: FileEntry = { ...FRESH, id, info };
    this.#entries.set(id, entry);
    return entry;
  }

  find(info: UploadInfo): FileEntry | undefined {
    return this.get((info as Marked)[ID]);
  }

  get(id: number | undefined): FileEntry | undefined {
    return id === undefined ? undefined : this.#entries.get(id);
  }

  /** Forgets what is no longer in the SDK's list. */
  keepOnly(listed: readonly UploadInfo[]): void {
    const kept = new Set(listed.map((info) => (info as Marked)[ID]));
    for (const id of this.#entries.keys()) if (!kept.has(id)) this.#entries.delete(id);
  }

  [Symbol.iterator](): Iterator<FileEntry> {
    return [...this.#entries.values()].values();
  }
}

const FRESH = {
  begun: false,
  asked: false,
  turn: 0,
  client: undefined,
  running: false,
  muted: false,
  thrown: undefined,
  refusal: undefined,
  stored: undefined,
} satisfies Partial<FileEntry>;

/** @internal Whether both are one file, through proxies or not. */
export function sameFile(one: UploadInfo | undefined, other: UploadInfo | undefined): boolean {
  if (one === other) return true;
  const id = (one as Marked | undefined)?.[ID];
  return id !== undefined && id === (other as Marked | undefined)?.[ID];
}

/** What the page gave about a file, each value as the text that the SDK would send. */
function parameters({ videoInfo }: UploadInfo): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(videoInfo ?? {})) {
    if (!value || typeof value === "function") continue;
    texts[name] = name === "UserData" ? JSON.stringify(value) : String(value);
  }
  return texts;
}

/** @internal What the module is told of a file. */
export function described(info: UploadInfo): Omit<UploadFile, "scope" | "place"> {
  const { name, type, size } = info.file;
  const { isImage, videoId } = info;
  const checkpoint = info.checkpoint !== undefined && info.checkpoint !== "";
  // Saved, it names its object; in memory it is of the one that was written last.
  const object = checkpoint ? ((info.checkpoint as { object?: string }).object ?? info.object) : undefined;
  return {
    name,
    type,
    size,
    isImage,
    fields: parameters(info),
    videoId,
    ticket: tickets.of(videoId),
    checkpoint,
    object,
  };
}
