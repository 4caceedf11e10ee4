import { replaceMethod } from "../../bind.js";
import type { ClientCredential, Delivery, Look } from "../../core.js";
import { addressIn, asUploadAddress, asUploadAuth, partsOf } from "./direct.js";
import type { FileEntry, Files } from "./files.js";
import { sameFile, textOf } from "./files.js";
import type { Inside } from "./inside.js";
import type { Methods } from "./methods.js";
import { isAtWork, type Queue } from "./queue.js";
import type { Runs } from "./runs.js";
import type { SdkUploader, UploadInfo, UploadState } from "./types.js";

/**
 * The SDK's methods that take a credential from a page, in whatever build. They obey at any time: they start a file a
 * second time, or go on with one that waits by a credential that is nobody's.
 */
const ANSWERS = /^(?:init$|set(?:STSToken|UploadAuth)|resumeUploadWith)/i;

/** Where nothing is left to stop. The SDK stays at a file for a moment after its end, and would take it for stopped. */
const ENDED: readonly UploadState[] = ["Success", "Failure", "Canceled"];

/** @internal What the helper has one uploader of the SDK do. */
export class Sdk {
  readonly uploader: SdkUploader;
  readonly #inside: Inside;
  readonly #files: Files;
  readonly queue: Queue;
  readonly #runs: Runs;
  readonly #stop: () => void;

  constructor(inside: Inside, files: Files, queue: Queue, runs: Runs) {
    this.uploader = inside.uploader;
    this.#inside = inside;
    this.#files = files;
    this.queue = queue;
    this.#runs = runs;
    this.#stop = inside.uploader.stopUpload;
    this.#mend();
    this.#guard();
  }

  /**
   * The SDK with respect to a file, in its own words. What the page takes out of the list by itself goes on, as with the
   * SDK alone; its methods end a file first.
   */
  look(entry: FileEntry): Look {
    const { info } = entry;
    const held = this.queue.holds(entry);
    return {
      current: held && this.#inside.isCurrent(info),
      file: held ? (textOf(info.state) ?? "") : "Gone",
      uploader: this.#inside.state() ?? "",
    };
  }

  list(): readonly UploadInfo[] {
    return this.#inside.list();
  }

  /** Calls `changed` after each method of the page's that changes the queue. */
  onQueueChanged(changed: () => void): void {
    const methods = this.uploader as unknown as Methods;
    for (const name of ["stopUpload", "cancelFile", "deleteFile", "cleanList"]) {
      const act = methods[name];
      if (!act) continue;
      replaceMethod(this.uploader, name, (...args) => {
        const done = act(...args);
        changed();
        return done;
      });
    }
  }

  /** Whether the SDK is at the file and waits, so that an answer is not for another turn. */
  waits({ info, asked }: FileEntry): boolean {
    return asked && info.state === "Ready" && this.#inside.isCurrent(info);
  }

  start(entry: FileEntry, delivery: Delivery): boolean {
    this.#prepare(entry, delivery);
    const { credential, uploadAuth, uploadAddress, videoId } = delivery;
    if (credential) return this.#startDirect(entry, credential);
    return this.#runs.begin(entry, () =>
      this.uploader.setUploadAuthAndAddress(entry.info, uploadAuth, uploadAddress, videoId),
    );
  }

  /** Starts a file that goes to the page's own object: without a word to VOD, also of its progress. */
  #startDirect(entry: FileEntry, credential: ClientCredential): boolean {
    const { info } = entry;
    const { uploader } = this;
    return this.#runs.begin(entry, () => {
      if (uploader.setSTSTokenDirectlyUpload) {
        return uploader.setSTSTokenDirectlyUpload(info, ...partsOf(credential));
      }
      return uploader.setUploadAuthAndAddress(info, asUploadAuth(credential), asUploadAddress(info));
    });
  }

  resume(entry: FileEntry, delivery: Delivery): boolean {
    const { info } = entry;
    const { credential, forget, uploadAddress, videoId } = delivery;
    this.#prepare(entry, delivery);
    if (forget && !credential) readdress(info, uploadAddress);
    if (videoId !== undefined) info.videoId = videoId;
    const uploadAuth = credential ? asUploadAuth(credential) : delivery.uploadAuth;
    return this.#runs.begin(entry, () => this.#listed(info, () => this.uploader.resumeUploadWithAuth(uploadAuth)));
  }

  /** The SDK resumes a file of its list, from which the page may have taken this one. */
  #listed<R>(info: UploadInfo, act: () => R): R {
    if (this.queue.isListed(info)) return act();
    const list = this.#inside.list();
    list.push(info);
    try {
      return act();
    } finally {
      const index = list.lastIndexOf(info);
      if (index >= 0) list.splice(index, 1);
    }
  }

  /** Gives the running client another credential, in one step: it reads its options for each request. */
  swap({ client }: FileEntry, { accessKeyId, accessKeySecret, stsToken }: ClientCredential): boolean {
    const options: unknown = client?.oss?.options;
    if (!isCredential(options)) {
      this.#inside.noClient();
      return false;
    }
    Object.assign(options, { accessKeyId, accessKeySecret, stsToken } satisfies ClientCredential);
    const creditor = this.#inside.creditor();
    if (creditor && client === this.#inside.client()) {
      Object.assign(creditor, { accessKeyId, accessKeySecret, securityToken: stsToken });
    }
    return true;
  }

  forget(entry: FileEntry): void {
    this.#inside.forget(entry);
  }

  /** Puts a file that failed back into the queue, and lets the SDK come to it if it is at none. Whether it does. */
  requeue(entry: FileEntry, forget: boolean): boolean {
    if (forget) this.forget(entry);
    // The SDK is at another file, and took the refusal of this one for that one's.
    const strayed = entry.expired && this.#inside.state() === "Expire" && !this.#inside.isCurrent(entry.info);
    entry.asked = entry.expired = false;
    if (strayed) this.#inside.setState(this.queue.atWork() ? "Start" : "Failure");
    entry.info.state = "Ready";
    return this.queue.comeTo(entry);
  }

  /** Ends the file's turn with a failure, whatever the SDK makes of it. */
  abandon(entry: FileEntry): void {
    const { info } = entry;
    try {
      // The SDK stops the file that it is at, which may be another one.
      if (this.#inside.isCurrent(info)) this.#giveUp(entry);
    } catch {
      this.#inside.setState("Failure");
    }
    this.#runs.end(entry, true);
    entry.asked = entry.expired = false;
    info.state = "Failure";
  }

  #giveUp(entry: FileEntry): void {
    const { state } = entry.info;
    if (state === "Uploading") this.#stop();
    else if (this.#inside.setState("Failure")) return;
    else if (state === "Failure") this.#leaveExpired(entry);
    else this.#stopAny();
  }

  /** Ends everything: no file is left, and nothing is under way. */
  clear(): void {
    for (const entry of this.#files) this.#runs.end(entry, true);
    for (const act of [this.#stop, () => (this.#inside.list().length = 0)]) {
      try {
        act();
      } catch {
        // Nothing was under way.
      }
    }
  }

  #prepare(entry: FileEntry, { isImage, imageId, forget }: Delivery): void {
    if (forget) this.forget(entry);
    entry.info.isImage = isImage;
    if (imageId !== undefined) entry.info.imageId = imageId;
  }

  /** Keeps the page from answering the SDK as well. A build may have one of the methods call another. */
  #guard(): void {
    const methods = this.uploader as unknown as Methods;
    // Each method is the uploader's own: it was bound to it.
    for (const method of Object.getOwnPropertyNames(this.uploader)) {
      const answer = ANSWERS.test(method) ? methods[method] : undefined;
      if (typeof answer !== "function") continue;
      replaceMethod(this.uploader, method, (...args) => {
        if (this.#runs.handing) return answer(...args);
        const message = `${method}() was not carried out: the helper answers the SDK; take the call out`;
        this.#inside.diagnose(method, { type: "diagnostic", ignored: method, message });
        // The SDK's answer to a credential that it took.
        return true;
      });
    }
  }

  /** `stopUpload()` where the SDK has no client yet, or no longer: it stops, and then throws. */
  #stopAny(): void {
    try {
      this.#stop();
    } catch (error) {
      const sends = [...this.#files].some(({ info }) => info.state === "Uploading");
      if (!(error instanceof TypeError) || (sends && this.#inside.client())) throw error;
    }
  }

  #stopBeside(entry: FileEntry): void {
    this.#runs.end(entry);
    entry.info.state = "Stoped";
  }

  /** Leaves the expired state without touching it: a resumption, stopped at once. Parts it sends are refused. */
  #leaveExpired(entry: FileEntry): void {
    const credential = { AccessKeyId: "none", AccessKeySecret: "none", SecurityToken: "none", Expiration: "1" };
    this.#runs.begin(entry, () => this.uploader.resumeUploadWithAuth(btoa(JSON.stringify(credential))));
    this.#stop();
  }

  /** Mends what the SDK's own methods do while it waits for a credential: throw, do nothing, or leave the queue stuck. */
  #mend(): void {
    const { uploader } = this;
    const partSize = (uploader as unknown as Methods)["_adjustPartSize"];
    // Above 10,000 parts the SDK computes a fractional part size, which ali-oss rejects.
    if (partSize) replaceMethod(uploader, "_adjustPartSize", (info) => Math.ceil(Number(partSize(info))));
    replaceMethod(uploader, "stopUpload", () => this.#stopAll());
    const { cancelFile, deleteFile } = uploader;
    replaceMethod(uploader, "cancelFile", (index) =>
      this.queue.first(() => this.#cancel(index as number, () => cancelFile(index as number))),
    );
    // What the page does while it is told of the next file may sort the list.
    replaceMethod(uploader, "deleteFile", (index) => this.queue.first(() => deleteFile(index as number)));
  }

  #stopAll(): void {
    this.queue.stopped = true;
    const at = this.#inside.current();
    const current = at && this.#files.present(at);
    const was = current?.state ?? "Stoped";
    const found = !current || this.queue.isListed(current);
    for (const entry of this.#files) {
      const { info } = entry;
      // After a cancellation the SDK may be at several files, and stops the last; and none that is not in its list.
      if (isAtWork(entry) && !(found && current && sameFile(info, current))) this.#stopBeside(entry);
      entry.asked = entry.expired = false;
    }
    const state = this.#inside.state();
    const ended = ENDED.includes(was);
    if (state === "Expire" && current) {
      this.#inside.setState("Stop");
      current.state = "Stoped";
    } else if ((ended || !found) && (state === "Start" || state === "Failure")) this.#inside.setState("Stop");
    else {
      this.#stopAny();
      if (current && ended) current.state = was;
      if (this.#inside.state() === "Start") this.#inside.setState("Stop");
    }
  }

  #cancel(index: number, cancel: () => boolean): boolean {
    const info = this.#inside.list()[index];
    const entry = info && this.#files.find(info);
    const at = this.#inside.current();
    // A build may hide where it is.
    const current = at ? this.#files.find(at) : entry && isAtWork(entry) ? entry : undefined;
    const state = this.#inside.state();
    const waits = current && (state === "Expire" || (current.asked && current.info.state === "Ready"));
    const sent = info?.state === "Uploading";
    const done = cancel();
    if (entry && info.state === "Canceled") {
      entry.asked = entry.expired = false;
      // The SDK's own cancelling may let the parts under way go on.
      this.#runs.end(entry);
      // OSS is told to drop the parts that are there. Whoever resumes the file begins it anew.
      if (sent) this.forget(entry);
    }
    if (done && waits && current.info.state === "Canceled" && this.#inside.setState("Failure")) this.queue.advance();
    return done;
  }
}

function isCredential(options: unknown): options is ClientCredential {
  if (typeof options !== "object" || options === null) return false;
  const { accessKeyId, accessKeySecret, stsToken } = options as Partial<Record<keyof ClientCredential, unknown>>;
  return [accessKeyId, accessKeySecret, stsToken].every((part) => typeof part === "string");
}

/** A resumption takes no address: puts that of the new object where the SDK reads it. */
function readdress(info: UploadInfo, uploadAddress: string): void {
  const { Endpoint, Bucket, FileName } = addressIn(uploadAddress);
  Object.assign(info, { endpoint: Endpoint, bucket: Bucket, object: FileName });
}
