import { replaceMethod } from "../../bind.js";
import { sameFile, type FileEntry, type Files } from "./files.js";
import type { Inside } from "./inside.js";
import type { Methods } from "./methods.js";
import type { UploadInfo } from "./types.js";

/** @internal What is done about what the SDK threw about a file. */
export type Thrown = (entry: FileEntry, error: unknown) => void;

/**
 * @internal Which file the SDK comes to next, and when.
 *
 * The SDK goes on with its queue 100 ms after a file's end, and takes itself for started all that while. Its start takes
 * up whatever failed or was stopped, and takes the first that is ready.
 */
export class Queue {
  readonly #inside: Inside;
  readonly #files: Files;
  readonly #thrown: Thrown;
  /** Whether the page has stopped the SDK, and nobody started it since. */
  stopped = false;
  /** Counts the SDK's questions for a credential. */
  #questions = 0;
  /** The SDK's state when the page had been told of a file that it came to. */
  #asked: string | undefined;
  /** Whether it is the helper that starts the SDK. */
  #starting = false;
  /** Where the page tried files again while the SDK was at none: these alone. The others wait for a start. */
  #only: Set<FileEntry> | undefined;
  /** Shows the files again that the SDK is not to find. */
  #reveal = (): void => {};
  /** What is put off until the SDK's list is as the page wanted it. */
  #later: (() => void)[] | undefined;

  constructor(inside: Inside, files: Files, thrown: Thrown) {
    this.#inside = inside;
    this.#files = files;
    this.#thrown = thrown;
    this.#guardNext();
    this.#guardStart();
  }

  /**
   * Has the page hear, by `tell`, that the SDK came to a file.
   *
   * The SDK takes itself for started only after that, whatever the page has done in its callback: stopped it, emptied the
   * list, cancelled the file. So it is started before, and stays afterwards as the page has left it.
   */
  asks<R>(tell: () => R): R {
    this.#reveal();
    this.#questions += 1;
    if (this.#inside.state() === "Init") this.#inside.setState("Start");
    const told = tell();
    this.#asked = this.#inside.state();
    return told;
  }

  /** The file that the SDK comes to next. */
  next(): UploadInfo | undefined {
    return this.#inside.list().find((info) => this.#isNext(info));
  }

  /** Whether the SDK sends a file, or waits for the credential of one, or is about to come to one. */
  get active(): boolean {
    return this.#isStarted() && (this.atWork() || this.next() !== undefined);
  }

  /** Whether the SDK sends a file, or waits for the credential of one. */
  atWork(): boolean {
    for (const entry of this.#files) if (isAtWork(entry)) return true;
    return false;
  }

  /** Whether the SDK has to do with the file. What it is at goes on also if the page took it out of the list. */
  holds(entry: FileEntry): boolean {
    const { info } = entry;
    return isAtWork(entry) || this.isListed(info) || (info.state === "Failure" && entry.begun && !entry.told);
  }

  isListed(info: UploadInfo): boolean {
    return this.#inside.list().some((other) => sameFile(other, info));
  }

  /** Has the SDK try a file again that the page names, and no other that it is not at already. */
  includeAlone(entry: FileEntry): void {
    if (this.#isStarted() || this.atWork()) this.#only?.add(entry);
    else this.#only = new Set([entry]);
    this.stopped = false;
  }

  /** Lets the SDK come to a file that was put back, if it is at none. Whether it does. */
  comeTo(entry: FileEntry): boolean {
    this.#only?.add(entry);
    if (this.stopped || this.atWork()) return true;
    const before = this.#questions;
    if (!this.#isStarted()) this.#start();
    // Its own step to the next file is still to come, or has been kept from it.
    if (before === this.#questions) this.#step();
    return before !== this.#questions || this.#isStarted();
  }

  /** Has files wait for the page's next start that the SDK has not come to, as if the page had stopped them. */
  putOff(entries: Iterable<FileEntry>): void {
    for (const entry of entries) {
      if (entry.info.state !== "Ready" || entry.asked) continue;
      entry.info.state = "Stoped";
      entry.putOff = true;
    }
    // Between two files the SDK takes itself for started, and would take no start.
    if (this.#isStarted() && !this.atWork() && !this.next()) this.#inside.setState("Stop");
  }

  /** The page starts: the SDK, if it runs, comes to those as well. */
  #takeUp(): void {
    for (const entry of this.#files) {
      if (entry.putOff && entry.info.state === "Stoped") entry.info.state = "Ready";
      entry.putOff = false;
    }
  }

  /** Lets the SDK go on with the queue, as it does after a failure of its own, unless the page has stopped it. */
  advance(): void {
    if (this.#later) this.#later.push(() => this.advance());
    else if (this.stopped) return;
    else if (this.#inside.state() === "Start") this.#step();
    else if (this.#inside.idle() && this.next()) this.#start();
  }

  /** Does `act`, and only then what it would have the SDK do about its queue, of which the page hears. */
  first<R>(act: () => R): R {
    if (this.#later) return act();
    const later: (() => void)[] = (this.#later = []);
    try {
      return act();
    } finally {
      this.#later = undefined;
      for (const putOff of later) putOff();
    }
  }

  #isStarted(): boolean {
    const state = this.#inside.state();
    return state === "Start" || state === "Expire";
  }

  #isNext(info: UploadInfo): boolean {
    if (info.state !== "Ready") return false;
    const entry = this.#files.find(info);
    return !this.#only || (entry !== undefined && this.#only.has(entry));
  }

  /** Starts the first file that is to be tried. `startUpload()` alone would also start all that have failed or were stopped. */
  #start(): void {
    this.#files.thaw();
    const others = this.#inside.list().filter((info) => {
      return info.state === "Failure" || info.state === "Stoped" || (info.state === "Ready" && !this.#isNext(info));
    });
    this.#hiding(others, () => {
      this.#starting = true;
      this.#inside.uploader.startUpload();
    });
  }

  #step(): void {
    (this.#inside.uploader as unknown as Methods)["nextUpload"]?.();
  }

  /** Has the SDK find none of `others` while it looks for a file. As soon as the page hears of one, all are as they were. */
  #hiding<R>(others: UploadInfo[], act: () => R): R {
    const states = others.map(({ state }) => state);
    for (const info of others) info.state = "Canceled";
    const reveal = (this.#reveal = () => {
      for (const info of others.splice(0)) info.state = states.shift() ?? "Failure";
    });
    try {
      return act();
    } finally {
      reveal();
    }
  }

  /** The SDK goes on to the next file only when it is at none. */
  #guardNext(): void {
    const { uploader } = this.#inside;
    const next = (uploader as unknown as Methods)["nextUpload"];
    if (!next) return;
    replaceMethod(uploader, "nextUpload", (...args) => {
      if (this.#later) return void this.#later.push(() => this.#step());
      if (this.stopped || this.atWork() || (this.#inside.state() ?? "Start") !== "Start") return undefined;
      const first = this.next();
      const others = this.#inside.list().filter((info) => info.state === "Ready" && !this.#isNext(info));
      if (!first) {
        this.#only = undefined;
        // Those wait for a start, as if the page had stopped the SDK before it came to them.
        if (others.length > 0 && this.#inside.setState("Stop")) return void (this.stopped = true);
      }
      const before = this.#questions;
      try {
        return this.#hiding(first ? others : [], () => next(...args));
      } catch (error) {
        return first && this.#thrown(this.#files.of(first), error);
      } finally {
        this.#expectQuestion(before, first);
      }
    });
  }

  #guardStart(): void {
    const { uploader } = this.#inside;
    const start = (uploader as unknown as Methods)["startUpload"];
    replaceMethod(uploader, "startUpload", (...args) => {
      if (!this.#starting) {
        this.#only = undefined;
        this.#takeUp();
      }
      this.#starting = false;
      this.stopped = false;
      this.#asked = undefined;
      const before = this.#questions;
      const isTaken = !this.#isStarted();
      const started = start?.(...args);
      if (this.#asked !== undefined) this.#inside.setState(this.#asked);
      if (isTaken) this.#expectQuestion(before, this.#inside.current());
      return started;
    });
  }

  /** The SDK asks for a credential in the same turn in which it comes to a file. If it does not, it never will. */
  #expectQuestion(before: number, chosen: UploadInfo | undefined): void {
    if (before !== this.#questions || this.#inside.state() !== "Start") return;
    const info = chosen && this.#files.present(chosen);
    if (info?.state !== "Ready" || this.#files.find(info)?.asked) return;
    this.#thrown(this.#files.of(info), undefined);
  }
}

/** Whether the SDK sends the file, or waits for a credential of it: its first, or one in place of one that OSS refused. */
export function isAtWork({ info, asked, begun, expired }: FileEntry): boolean {
  return (
    (info.state === "Ready" && asked) || (info.state === "Uploading" && begun) || (info.state === "Failure" && expired)
  );
}
