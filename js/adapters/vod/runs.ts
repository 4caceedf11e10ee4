import { replaceMethod } from "../../bind.js";
import { wordless, type Said } from "./failures.js";
import type { FileEntry, Files, Refusal } from "./files.js";
import type { Inside } from "./inside.js";
import type { Methods } from "./methods.js";
import type { Queue, Thrown } from "./queue.js";
import type { Client, ClientCallbacks, UploadInfo } from "./types.js";

/** What becomes of a file that the SDK did not end as it should have. */
interface Mishaps {
  readonly thrown: Thrown;
  /** The SDK gave it up, and told nobody. */
  readonly lost: (entry: FileEntry) => void;
}

/**
 * @internal At most one client sends a file, and one file is sent at a time.
 *
 * A client of the SDK goes on when it was stopped: parts under way still arrive, and so do its errors and its end,
 * into a file that has been started anew by then. A try that the SDK has put off comes in the same way after the page has
 * stopped, cancelled or started something. Then two run at once.
 */
export class Runs {
  readonly #inside: Inside;
  readonly #files: Files;
  readonly #queue: Queue;
  readonly #mishaps: Mishaps;
  /** Clients that the helper itself stopped: their cancellation is none to the page. */
  readonly #silenced = new WeakSet<Client>();
  /** Whether it is the helper that has the SDK start a file. */
  #handing = false;

  constructor(inside: Inside, files: Files, queue: Queue, mishaps: Mishaps) {
    this.#inside = inside;
    this.#files = files;
    this.#queue = queue;
    this.#mishaps = mishaps;
    this.#guardTries();
  }

  get handing(): boolean {
    return this.#handing;
  }

  /** Has the SDK start or resume `entry` by `act`. Whether it did. */
  begin(entry: FileEntry, act: () => unknown): boolean {
    const before = entry.client;
    entry.asked = false;
    entry.expired = false;
    entry.muted = false;
    entry.told = false;
    entry.thrown = undefined;
    this.#inside.staysOnPage();
    let taken: unknown;
    this.#handing = true;
    const warn = withoutAdvice();
    try {
      taken = act();
    } catch (error) {
      entry.thrown = error;
      taken = false;
    } finally {
      warn();
      this.#handing = false;
    }
    const client = this.#inside.client();
    if (before && before !== client) this.end(entry, true);
    entry.client = client;
    entry.running = taken !== false && entry.info.state === "Uploading";
    if (client && entry.running) this.#listen(entry, client);
    return entry.running;
  }

  /** The file's client is no longer wanted. */
  end(entry: FileEntry, silently = false): void {
    const { client } = entry;
    if (client && silently) this.#silenced.add(client);
    entry.client = undefined;
    entry.running = false;
    if (client) quietly(() => client.cancel?.());
  }

  #listen(entry: FileEntry, client: Client): void {
    this.#hearAbort(entry, client);
    const sdk = client._callback;
    if (typeof sdk !== "object" || sdk === null) return;
    const { onerror, oncomplete, onprogress } = sdk;
    const present = (): boolean => entry.client === client;
    const { videoId, imageId, endpoint, bucket, object } = entry.info;
    const guarded: ClientCallbacks = {
      onprogress: (_, ...args) => {
        if (!present()) return;
        // What is thrown here would fail the part that has just been stored.
        this.#attempt(entry, () => onprogress(entry.info, ...args), false);
      },
      oncomplete: (_, ...args) => {
        const { state } = entry.info;
        if (state === "Success" || state === "Canceled") return;
        // The file is stored, also if it has been started anew in the meantime.
        if (present()) {
          entry.running = false;
          entry.client = undefined;
        } else {
          this.end(entry, true);
          Object.assign(entry.info, { videoId, imageId, endpoint, bucket, object });
        }
        this.#attempt(entry, () => oncomplete(entry.info, ...args), true);
        if (entry.info.state === "Uploading") this.#mishaps.thrown(entry, undefined);
      },
      onerror: (_, error) => {
        const said = readable(error);
        const wanted =
          said.name === "cancel" ? !this.#silenced.has(client) : present() && entry.info.state === "Uploading";
        if (!wanted) return;
        if (present()) entry.running = false;
        entry.refusal = refusalOf(said);
        entry.failure = wordless(said, error, entry);
        const { code, message } = entry.failure ?? {};
        this.#attempt(entry, () => onerror(entry.info, code ? { ...said, code, message } : said), true);
        // After a failure the SDK goes on with the next file, whatever the page has done in its callback.
        if (this.#queue.stopped && this.#inside.state() === "Start") this.#inside.setState("Stop");
        const ignored = said.name !== "cancel" && entry.info.state === "Uploading" && !isTimeout(said);
        if (ignored) this.#mishaps.thrown(entry, error);
        // By the time that it is looked at, the SDK would have come to the end of its queue.
        if (entry.info.state === "Failure" && !entry.told && !entry.expired) this.#mishaps.lost(entry);
      },
    };
    client._callback = guarded;
  }

  /** Nobody waits for the request by which the SDK has OSS forget the parts of a cancelled file, nor hears that it failed. */
  #hearAbort({ id, info }: FileEntry, { oss }: Client): void {
    const abort = oss?.abortMultipartUpload;
    if (!oss || !abort) return;
    const failed = (error: unknown): void => {
      const { name, code = name } = readable(error);
      // There are none.
      if (code === "NoSuchUpload") return;
      const message = `OSS keeps what it has of ${info.file.name}, which was cancelled: ${String(code)}; a lifecycle rule of the bucket removes such parts`;
      this.#inside.diagnose(`abort ${id}`, { type: "diagnostic", info, message });
    };
    oss.abortMultipartUpload = (...args) => Promise.resolve(abort.apply(oss, args)).catch(failed);
  }

  #attempt(entry: FileEntry, act: () => void, fatal: boolean): void {
    try {
      act();
    } catch (error) {
      if (fatal) this.#mishaps.thrown(entry, error);
      else {
        const message = `the SDK threw while it noted the progress of a file: ${String(error)}`;
        this.#inside.diagnose("progress", { type: "diagnostic", message });
      }
    }
  }

  /** A try that the SDK has put off for some seconds is made only if the file still waits for it. */
  #guardTries(): void {
    const methods = this.#inside.uploader as unknown as Methods;
    const upload = methods["_uploadCore"];
    if (!upload) return;
    replaceMethod(this.#inside.uploader, "_uploadCore", (...args) => {
      const [given, ...rest] = args;
      const entry = this.#files.find(given as UploadInfo);
      if (this.#handing) return upload(entry?.info ?? given, ...rest);
      if (!entry || entry.info.state !== "Uploading" || entry.running) return undefined;
      if (entry.client) this.#inside.setClient(entry.client);
      entry.running = true;
      return this.#attempt(entry, () => void upload(entry.info, ...rest), true);
    });
  }
}

/** An error as the SDK can read it: it fails on one without a message, and keeps silent about a part that OSS no longer knows. */
function readable(error: unknown): Said {
  const said = (typeof error === "object" && error !== null ? error : { message: String(error) }) as Said;
  if (said.name === "abort" && !said.code) {
    const message = "OSS no longer has this multipart upload";
    return { name: "NoSuchUploadError", code: "NoSuchUpload", message, status: 404 };
  }
  return typeof said.message === "string" ? said : { ...said, message: "" };
}

/** The SDK puts the next try off, and leaves the file as it is. */
function isTimeout({ name }: Said): boolean {
  return name === "RequestTimeoutError" || name === "ConnectionTimeout" || name === "ConnectionTimeoutError";
}

function refusalOf({ status, requestId }: Said): Refusal {
  return {
    ...(typeof status === "number" && status > 0 && { status }),
    ...(typeof requestId === "string" && { requestId }),
  };
}

function quietly(act: () => void): void {
  try {
    act();
  } catch {
    // It is given up in any case.
  }
}

/** ali-oss advises a page that gives it an STS token to renew that by itself. Here the helper does; nothing else is held back. */
function withoutAdvice(): () => void {
  const warn = console.warn;
  const filtered = (...args: unknown[]): void => {
    if (!String(args[0]).includes("refreshSTSToken")) warn.apply(console, args);
  };
  console.warn = filtered;
  return () => {
    if (console.warn === filtered) console.warn = warn;
  };
}
