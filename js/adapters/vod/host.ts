import {
  attempt,
  calling,
  failure,
  onFailure,
  type ClientCredential,
  type Delivered,
  type Delivery,
  type Look,
  type UploadCore,
  type UploadHost,
} from "../../core.js";
import { fromFailure, invalidOption, UploadTokenError, type Failure } from "../../errors.js";
import { report } from "../../report.js";
import { onReset } from "../../reset.js";
import { isThenable } from "../../thenable.js";
import type { TokenManager } from "../../types.js";
import { weakObject } from "../../weak.js";
import { Credentials } from "./credentials.js";
import { placeOf } from "./direct.js";
import { asError, gaveUp, sdkThrew } from "./failures.js";
import { described, Files, type FileEntry } from "./files.js";
import type { Numbers } from "./options.js";
import { Page } from "./page.js";
import { pageReady } from "./ready.js";
import { Scopes } from "./scopes.js";
import type { Sdk } from "./sdk.js";
import { tickets } from "./tickets.js";
import type { UploadInfo, VodOptions, VodTokenEvent } from "./types.js";

/**
 * Hosts whose uploader is at a file. While that waits for a credential, nothing else may know it: not the page,
 * which need not keep it, and not the SDK, which has no request out.
 */
const busy = new Set<Host>();

interface HostParts {
  readonly tokens: TokenManager | null;
  /** As they were read. */
  readonly options: VodOptions & Numbers;
  /** The page's own object, whose callbacks it may change. */
  readonly page: VodOptions;
}

/** @internal What the module asks for, about one uploader of the SDK. */
export class Host implements UploadHost {
  readonly files: Files;
  readonly page: Page;
  readonly #options: VodOptions & Numbers;
  readonly #scopes: Scopes;
  readonly #credentials: Credentials;
  #disposed = false;
  #sdk: Sdk | undefined;
  #core: UploadCore | undefined;
  /**
   * Files that wait have nobody to wait for. One that is being sent goes on with the credential that it has, and most end
   * before that does: it fails when OSS refuses it, in {@link expired}.
   */
  readonly #onFailure = (error: UploadTokenError): void => {
    busy.delete(this);
    for (const entry of this.files) {
      const { state } = entry.info;
      if (entry.begun && !entry.told && (state === "Ready" || state === "Failure")) {
        this.#fail(entry, error);
      }
    }
  };

  /**
   * Another user: what was the former's is given up, and begins anew under the next start. So do their files that the
   * SDK has not come to: nobody has said that the next user is to send them.
   */
  readonly #onReset = (scope: string | undefined): void => {
    if (this.#disposed) return;
    if (scope === undefined) tickets.dropAll();
    if (failure() || !this.#credentials.areOfVod) return;
    try {
      for (const info of this.sdk.list()) this.files.of(info);
    } catch (error) {
      // What is known is given up all the same.
      report(error);
    }
    const former = new Map<FileEntry, number>();
    for (const entry of this.files) {
      const { info } = entry;
      if (info.state === "Success" || (scope !== undefined && this.#scopes.known(entry) !== scope)) continue;
      this.#silently(entry, () => this.sdk.forget(entry));
      delete info.videoId;
      // The page may name it by the user.
      delete entry.scope;
      former.set(entry, entry.turn);
    }
    this.sdk.queue.putOff(former.keys());
    attempt(() => this.#core?.reset(scope));
    // One that waits for the page, or for the module to be loaded, is not known to the module.
    for (const [entry, turn] of former) {
      if (entry.turn === turn && this.#silently(entry, () => this.sdk.waits(entry))) this.#fail(entry, resetOf());
    }
    this.page.observer?.changed();
  };

  constructor({ tokens, options, page }: HostParts) {
    this.#options = options;
    this.#scopes = new Scopes(options.perFile);
    this.files = new Files(this.#scopes.count(tokens));
    this.#credentials = new Credentials(tokens, options, this.files);
    this.page = new Page(page);
    onReset(tokens, this.#onReset);
    onFailure(this.#onFailure);
  }

  /** Ends everything, and tells the page nothing any more. */
  dispose(): void {
    this.page.silence();
    busy.delete(this);
    this.sdk.clear();
    this.files.keepOnly(() => false);
    this.#disposed = true;
    this.#credentials.end(disposedOf());
    const core = this.#core;
    this.#core = undefined;
    // Later, because a method of the core may be on the stack below us.
    queueMicrotask(() => attempt(() => core?.free()));
  }

  /** Takes the SDK that {@link callbacks} were given to. */
  attach(sdk: Sdk): void {
    this.#sdk = sdk;
    sdk.onQueueChanged(() => {
      this.files.keepOnly((entry) => sdk.queue.holds(entry));
      attempt(() => this.#core?.changed());
    });
  }

  /** Not before the SDK's constructor has returned, and no callback comes before that. */
  get sdk(): Sdk {
    return this.#sdk as Sdk;
  }

  /** The SDK came to a file and waits; so may the page, which `ready` tells. */
  async begin(entry: FileEntry, ready: unknown): Promise<void> {
    const turn = ++entry.turn;
    entry.begun = true;
    const { wait } = this.#credentials;
    const since = performance.now();
    /** Whatever it waits for has what is left of its one deadline. */
    const left = (): number => Math.max(0, since + wait - performance.now());
    try {
      if (isThenable(ready)) await pageReady(ready, wait);
      const scope = this.#credentials.areOfVod ? this.#scopes.of(entry) : "";
      if (scope === undefined) throw invalidOption("perFile", "must return a string");
      const core = this.#core ?? (await this.#start(left()));
      if (this.#disposed || turn !== entry.turn || !this.sdk.waits(entry)) return;
      const place = this.#credentials.areOfVod ? placeOf(entry.info) : undefined;
      const details = { ...described(entry.info), scope, place, waited: wait - left() };
      calling(() => core.started(entry.id, details));
    } catch (cause) {
      if (!this.#disposed && turn === entry.turn && this.#silently(entry, () => this.sdk.waits(entry)) !== false) {
        this.#fail(entry, failure() ?? asError(cause));
      }
    }
  }

  /** Tells the module something of a file that it knows. */
  tell<R>(info: UploadInfo, act: (core: UploadCore, file: number) => R): R | undefined {
    const entry = this.files.find(info);
    const core = this.#core;
    return entry && core && attempt(() => act(core, entry.id));
  }

  async #start(wait: number): Promise<UploadCore> {
    const make = await this.#credentials.load(wait);
    // The page may have disposed of it meanwhile: nobody would free what is made now.
    if (this.#disposed) throw disposedOf();
    const settings = this.#credentials.settings(this.sdk.uploader.options);
    return (this.#core ??= calling(() => make(settings, weakObject(this, CALLS))));
  }

  /** The SDK gave a file up, and the page is told. */
  failedBySdk(info: UploadInfo, code: string, said: string): void {
    const entry = this.files.find(info);
    const error = entry?.failure ?? gaveUp(info, code, said, entry?.refusal);
    if (entry) entry.told = true;
    this.page.call("onUploadFailed", info, code, error.message, error);
  }

  /** The SDK threw while a file ran. */
  thrown(entry: FileEntry, error: unknown): void {
    this.tell(entry.info, (core, file) => core.failed(file, "sdk_error"));
    const { state } = entry.info;
    // What it does after the file's end is for the queue.
    if (state === "Success" || (state === "Failure" && entry.told))
      this.#silently(entry, () => this.sdk.queue.advance());
    else this.#fail(entry, sdkThrew(error));
  }

  /** The SDK gave a file up without a word: the module is to see it before the SDK goes on with its queue. */
  lost(entry: FileEntry): void {
    const error = failure();
    if (error) this.#fail(entry, error);
    else attempt(() => this.#core?.changed());
  }

  /** OSS refused the credential of a file, and the SDK waits for another. */
  expired(entry: FileEntry, code: string): void {
    const error = failure();
    if (error) this.#fail(entry, error);
    else attempt(() => this.#core?.expired(entry.id, code));
  }

  /** Ends the file's turn with a failure; whatever the SDK does about it, the page is told. */
  #fail(entry: FileEntry, error: UploadTokenError, code: string = error.code): void {
    const { info } = entry;
    if (info.state === "Uploading") entry.muted = true;
    entry.turn += 1;
    entry.told = true;
    this.sdk.abandon(entry);
    this.page.call("onUploadFailed", info, code, error.message, error);
    // Unless the page has just started the uploader itself, or stopped it.
    this.#silently(entry, () => this.sdk.queue.advance());
  }

  /** What `act` returned; `undefined` if the SDK threw, which is kept as the reason. */
  #silently<R>(entry: FileEntry, act: () => R): R | undefined {
    try {
      return act();
    } catch (error) {
      entry.thrown = error;
      return undefined;
    }
  }

  // What the module asks for.

  look(file: number): Look | undefined {
    const entry = this.files.get(file);
    if (!entry) return undefined;
    const seen = this.#silently(entry, () => this.sdk.look(entry));
    if (seen) return seen;
    this.#fail(entry, sdkThrew(entry.thrown));
    return GIVEN_UP;
  }

  deliver(delivery: Delivery): Delivered | undefined {
    const entry = this.files.get(delivery.file);
    if (!entry) return undefined;
    this.#tellReply(entry, delivery.reply);
    const resumes = delivery.answers === "resume";
    const hand = (): boolean => (resumes ? this.sdk.resume(entry, delivery) : this.sdk.start(entry, delivery));
    const taken = this.#silently(entry, hand) ?? false;
    // Not before: where the SDK is to forget its checkpoint, the former ticket goes with that.
    if (taken && this.#options.localCheckpoint !== false) tickets.keep(delivery.videoId, delivery.ticket);
    return { taken, next: resumes ? undefined : this.#silently(entry, () => this.#nextScope()) };
  }

  /** What was answered beside the credential: by the AppServer, also where VOD was asked with its token. */
  #tellReply(entry: FileEntry, reply: unknown): void {
    // A manager of another copy tells the page's side alone.
    const said = this.#credentials.areForeign ? this.#credentials.reply(this.#scopes.of(entry)) : reply;
    if (said !== undefined) entry.info.reply = said;
  }

  swap(file: number, credential: ClientCredential): boolean {
    const entry = this.files.get(file);
    return entry !== undefined && this.sdk.swap(entry, credential);
  }

  requeue(file: number, forget: boolean): void {
    const entry = this.files.get(file);
    if (entry) this.putBack(entry, forget);
  }

  /** Puts a file back into the queue; if the SDK does not come to it, the page is told. */
  putBack(entry: FileEntry, forget: boolean): void {
    const { info } = entry;
    entry.thrown = undefined;
    entry.told = false;
    const comes = this.#silently(entry, () => this.sdk.requeue(entry, forget)) ?? false;
    // The page may have been told of it, and have cancelled it.
    const waits = info.state === "Ready" || info.state === "Failure";
    if (!comes && waits && !entry.asked && !entry.told) this.#fail(entry, sdkThrew(entry.thrown));
  }

  /** The page has a file tried again, and no other. One that waits for another credential is being tried. */
  retry(entry: FileEntry): void {
    if (entry.expired) return;
    this.sdk.queue.includeAlone(entry);
    this.putBack(entry, false);
  }

  hold(hold: boolean): void {
    if (hold && !this.#disposed) busy.add(this);
    else busy.delete(this);
  }

  fail(file: number, failure: object): void {
    const entry = this.files.get(file);
    if (!entry) return;
    if (entry.thrown !== undefined) return this.#fail(entry, sdkThrew(entry.thrown));
    const { fileCode, ...rest } = failure as Failure & { fileCode: string };
    this.#fail(entry, fromFailure(rest), fileCode);
  }

  event(file: number, type: string, detail: object): void {
    const entry = this.files.get(file);
    if (!entry) return;
    const { error } = detail as { error?: Failure };
    this.page.tell({
      type,
      info: entry.info,
      ...detail,
      ...(error && { error: fromFailure(error) }),
    } as VodTokenEvent);
  }

  /** The scope of the file that the SDK comes to next, if it has a token of its own. */
  #nextScope(): string | undefined {
    const next = this.sdk.queue.next();
    return next && this.#options.perFile ? this.#scopes.of(this.files.of(next)) : undefined;
  }
}

/** An SDK that throws did not do what it was asked. */
const CALLS = ["look", "deliver", "swap", "requeue", "fail", "hold", "event"] as const satisfies (keyof UploadHost)[];

function disposedOf(): UploadTokenError {
  return new UploadTokenError("closed", "the uploader was disposed of");
}

/** In the module's own words. */
function resetOf(): UploadTokenError {
  return new UploadTokenError("reset", "the user changed, and this was the former one's; ask again for the new one");
}

/** `look` returns this after the SDK threw: `#fail` has told the page, and `Stoped` makes the machine leave the file. */
const GIVEN_UP: Look = { current: false, file: "Stoped", uploader: "" };
