import type { ClientCredential, Delivery } from "../../core.js";
import { sameFile } from "./files.js";
import type { SdkUploader, UploadInfo, VodTokenEvent } from "./types.js";

// What the helper does to the SDK's objects. Everything private is asked for before it is used: a build
// that lacks it gets along with the documented calls, at the price that the diagnostics name.

/** The SDK's private state, as far as the helper knows it. Any of it may be missing. */
interface Private {
  _state?: unknown;
  _curIndex?: unknown;
  _ossUpload?: unknown;
  _ossCreditor?: unknown;
  _removeCheckoutpoint?: unknown;
}

/** Private member → what the helper does without it. */
const WITHOUT = {
  _state: "states are judged by the file alone",
  _curIndex: "the current file is judged by its state alone",
  _ossUpload: "credentials are renewed only after OSS refused one",
  _removeCheckoutpoint: "saved checkpoints are removed from localStorage directly",
} satisfies Partial<Record<keyof Private, string>>;

/** The SDK's methods that take a credential from a page. They obey at any time, and start a file a second time. */
const ANSWERS = [
  "setSTSToken",
  "setSTSTokenDirectlyUpload",
  "setUploadAuthAndAddress",
  "resumeUploadWithSTSToken",
  "resumeUploadWithAuth",
];

/** @internal One uploader of the SDK, as the helper handles it. */
export class Sdk {
  readonly uploader: SdkUploader;
  readonly #private: Private;
  readonly #tell: (event: VodTokenEvent) => void;
  readonly #told = new Set<string>();
  /** The client that sends a file. The SDK's own reference moves on with its queue. */
  readonly #clients = new WeakMap<UploadInfo, unknown>();
  readonly #stop: () => void;
  /** Whether it is the helper that hands a credential over. */
  #answering = false;

  constructor(uploader: SdkUploader, tell: (event: VodTokenEvent) => void) {
    this.uploader = uploader;
    this.#private = uploader as unknown as Private;
    this.#tell = tell;
    this.#stop = uploader.stopUpload.bind(uploader);
    this.#mend();
    this.#guard();
  }

  /** The SDK with respect to `info`, in its own words. */
  look(info: UploadInfo): { current: boolean; file: string; uploader: string } {
    const listed = this.uploader.listFiles().some((other) => sameFile(other, info));
    return {
      current: listed && this.#isCurrent(info),
      file: listed ? info.state : "Gone",
      uploader: this.#state() ?? "",
    };
  }

  /** The file that the SDK comes to next. */
  next(): UploadInfo | undefined {
    return this.uploader.listFiles().find(({ state }) => state === "Ready");
  }

  /** Calls `changed` after each method of the page's that changes the queue. */
  onQueueChanged(changed: () => void): void {
    const { uploader } = this;
    for (const method of ["stopUpload", "cancelFile", "deleteFile", "cleanList"] as const) {
      const act = uploader[method].bind(uploader) as (index: number) => boolean;
      Object.assign(uploader, {
        [method]: (index: number) => {
          const done = act(index);
          changed();
          return done;
        },
      });
    }
  }

  start(info: UploadInfo, delivery: Delivery): boolean {
    if (delivery.forget) this.forget(info);
    this.#identify(info, delivery);
    const { uploadAuth, uploadAddress, videoId } = delivery;
    const taken = this.#answer(() => this.uploader.setUploadAuthAndAddress(info, uploadAuth, uploadAddress, videoId));
    this.#clients.set(info, this.#private._ossUpload);
    return taken !== false;
  }

  resume(info: UploadInfo, delivery: Delivery): boolean {
    if (delivery.forget) this.forget(info);
    this.#identify(info, delivery);
    if (delivery.forget) readdress(info, delivery.uploadAddress);
    if (delivery.videoId !== undefined) info.videoId = delivery.videoId;
    const taken = this.#answer(() => this.uploader.resumeUploadWithAuth(delivery.uploadAuth));
    this.#clients.set(info, this.#private._ossUpload);
    return taken;
  }

  /** Gives the running client another credential, in one step: it reads its options for each request. */
  swap(info: UploadInfo, { accessKeyId, accessKeySecret, stsToken }: ClientCredential): boolean {
    const client = this.#clients.get(info) as { oss?: { options?: unknown } } | undefined;
    const options = client?.oss?.options;
    if (!isClientOptions(options)) {
      this.#missing("_ossUpload");
      return false;
    }
    Object.assign(options, { accessKeyId, accessKeySecret, stsToken } satisfies ClientCredential);
    const creditor = this.#private._ossCreditor;
    if (client === this.#private._ossUpload && typeof creditor === "object" && creditor !== null) {
      Object.assign(creditor, { accessKeyId, accessKeySecret, securityToken: stsToken });
    }
    return true;
  }

  /** Forgets what was stored of the file: it goes to another object, or its upload no longer exists. */
  forget(info: UploadInfo): void {
    delete info.checkpoint;
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

  /** Puts a file that failed back into the queue, and lets the SDK come to it if it is idle. */
  requeue(info: UploadInfo, forget: boolean): void {
    if (forget) this.forget(info);
    info.state = "Ready";
    if (this.#idle()) this.#goOn();
  }

  /** Ends the file's turn with a failure. */
  abandon(info: UploadInfo): void {
    const state = this.#state();
    if (info.state === "Uploading") this.#stop();
    else if (this.#isCurrent(info)) {
      if (state !== undefined) this.#private._state = "Failure";
      else if (info.state === "Failure") this.#leaveExpired();
      else this.#stopWaiting();
    }
    info.state = "Failure";
  }

  /** Lets the SDK go on with the queue, as it does after a failure of its own. */
  advance(): void {
    if (this.#idle() && this.next()) this.#goOn();
  }

  #state(): string | undefined {
    const state = this.#private._state;
    if (typeof state === "string") return state;
    this.#missing("_state");
    return undefined;
  }

  /** Whether the SDK would take a start: a hidden state is not known to forbid it. */
  #idle(): boolean {
    const state = this.#state();
    return state === "Failure" || state === "Stop" || state === undefined;
  }

  #isCurrent(info: UploadInfo): boolean {
    const index = this.#private._curIndex;
    if (typeof index === "number") return sameFile(this.uploader.listFiles()[index], info);
    this.#missing("_curIndex");
    return true;
  }

  /** Starts the first file that is ready. `startUpload()` alone would also start all that have failed or were stopped. */
  #goOn(): void {
    const ended = this.uploader.listFiles().filter(({ state }) => state === "Failure" || state === "Stoped");
    const states = ended.map(({ state }) => state);
    for (const info of ended) info.state = "Canceled";
    this.uploader.startUpload();
    ended.forEach((info, index) => {
      info.state = states[index] ?? "Failure";
    });
  }

  #identify(info: UploadInfo, { isImage, imageId }: Delivery): void {
    info.isImage = isImage;
    if (imageId !== undefined) info.imageId = imageId;
  }

  #missing(name: keyof typeof WITHOUT): void {
    if (this.#told.has(name)) return;
    this.#told.add(name);
    this.#tell({
      type: "diagnostic",
      missing: name,
      message: `this build of the SDK has no ${name}: ${WITHOUT[name]}`,
    });
  }

  /** Keeps the page from answering the SDK as well. A build may have one of the methods call another. */
  #guard(): void {
    const methods = this.uploader as unknown as Record<string, ((...args: unknown[]) => unknown) | undefined>;
    for (const method of ANSWERS) {
      const answer = methods[method]?.bind(this.uploader);
      if (!answer) continue;
      methods[method] = (...args) => {
        if (this.#answering) return answer(...args);
        if (!this.#told.has(method)) {
          this.#told.add(method);
          const message = `${method}() was not carried out: the helper answers the SDK; take the call out`;
          this.#tell({ type: "diagnostic", ignored: method, message });
        }
        // The SDK's answer to a credential that it took.
        return true;
      };
    }
  }

  #answer<R>(act: () => R): R {
    this.#answering = true;
    try {
      return act();
    } finally {
      this.#answering = false;
    }
  }

  /** `stopUpload()` in the state that the SDK is in while it waits for its first credential: it stops, and then throws. */
  #stopWaiting(): void {
    try {
      this.#stop();
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }

  /** Leaves the expired state without touching it: a resumption, stopped at once. Parts it sends are refused. */
  #leaveExpired(): void {
    const credential = { AccessKeyId: "none", AccessKeySecret: "none", SecurityToken: "none", Expiration: "1" };
    this.#answer(() => this.uploader.resumeUploadWithAuth(btoa(JSON.stringify(credential))));
    this.#stop();
  }

  /** Mends what the SDK's own methods do while it waits for a credential: throw, do nothing, or leave the queue stuck. */
  #mend(): void {
    const { uploader } = this;
    const cancelFile = uploader.cancelFile.bind(uploader);
    const deleteFile = uploader.deleteFile.bind(uploader);
    uploader.stopUpload = () => {
      const current = this.#current();
      if (this.#state() === "Expire" && current) {
        this.#private._state = "Stop";
        current.state = "Stoped";
      } else if (current?.state === "Ready") this.#stopWaiting();
      else this.#stop();
    };
    uploader.cancelFile = (index) => {
      const current = this.#current();
      const waits = current !== undefined && (current.state === "Ready" || this.#state() === "Expire");
      const done = cancelFile(index);
      if (done && waits && current.state === "Canceled" && this.#state() !== undefined) {
        this.#private._state = "Failure";
        this.advance();
      }
      return done;
    };
    uploader.deleteFile = (index) => {
      const done = deleteFile(index);
      const at = this.#private._curIndex;
      // The SDK remembers a position, and the list has just moved under it.
      if (done && typeof at === "number" && at > index) this.#private._curIndex = at - 1;
      return done;
    };
  }

  #current(): UploadInfo | undefined {
    const index = this.#private._curIndex;
    return typeof index === "number" ? this.uploader.listFiles()[index] : undefined;
  }
}

function isClientOptions(options: unknown): options is ClientCredential {
  if (typeof options !== "object" || options === null) return false;
  const { accessKeyId, accessKeySecret, stsToken } = options as Partial<Record<keyof ClientCredential, unknown>>;
  return [accessKeyId, accessKeySecret, stsToken].every((part) => typeof part === "string");
}

/** A resumption takes no address: puts that of the new object where the SDK reads it. */
function readdress(info: UploadInfo, uploadAddress: string): void {
  const { Endpoint, Bucket, FileName } = JSON.parse(atob(uploadAddress)) as Record<string, string>;
  Object.assign(info, { endpoint: Endpoint, bucket: Bucket, object: FileName });
}
