import { queueMicrotask } from "../../glue.js";
import { textOf } from "./files.js";
import type { Host } from "./host.js";
import type { Callback, Name, Page } from "./page.js";
import { tickets } from "./tickets.js";
import type { SdkUploader, UploadInfo, VodCallbacks, VodSdkOptions, VodTokenEvent } from "./types.js";

type Hooks = Required<VodCallbacks>;

/** @internal The SDK's callbacks: each tells the module, and then the page. */
export function callbacks(host: Host): Hooks {
  const { files, page } = host;
  return {
    addFileSuccess: (info) => {
      files.of(info);
      writable(info);
      page.call("addFileSuccess", info);
    },
    onUploadstarted: (info) => {
      const entry = files.of(info);
      writable(info);
      // The SDK may come to a file again that already waits.
      if (entry.asked && info.state === "Ready" && host.sdk.waits(entry)) return;
      entry.asked = true;
      entry.expired = false;
      entry.told = false;
      const ready = host.sdk.queue.asks(() => page.call("onUploadstarted", info));
      // The SDK enters the state in which it waits only after this callback.
      queueMicrotask(() => void host.begin(entry, ready));
    },
    onUploadSucceed: (info) => {
      host.tell(info, (core, file) => core.succeeded(file));
      tickets.drop(info.videoId);
      page.call("onUploadSucceed", info);
    },
    onUploadFailed: (info, code, message) => {
      const entry = files.find(info);
      const before = entry?.turn;
      const verdict = host.tell(info, (core, file) => core.failed(file, textOf(code) ?? "")) ?? "tell";
      // The module broke over it, of which the page was told.
      if (entry?.turn !== before) return;
      // To one that the page took out of the list the SDK does not come again.
      if (!entry || verdict === "tell" || !host.sdk.queue.isListed(info)) {
        return host.failedBySdk(info, code, textOf(message) ?? "");
      }
      if (verdict === "forget") host.sdk.forget(entry);
      // The SDK looks for the next file that is ready as soon as this returns.
      info.state = "Ready";
      page.observer?.changed();
      const { turn } = entry;
      // A build may give the file up all the same; unless the page has been told of an end since.
      queueMicrotask(() => {
        if (info.state === "Failure" && turn === entry.turn) host.putBack(entry, false);
      });
    },
    onUploadProgress: (info, totalSize, loaded) => {
      host.tell(info, (core, file) => core.progressed(file, Number.isFinite(loaded) ? loaded : 0));
      page.call("onUploadProgress", info, totalSize, loaded);
    },
    onUploadCanceled: (info, event) => {
      const entry = files.find(info);
      if (entry?.muted) entry.muted = false;
      else page.call("onUploadCanceled", info, event);
    },
    onUploadTokenExpired: (info, event) => {
      const entry = files.find(info);
      if (entry) entry.expired = true;
      page.call("onUploadTokenExpired", info, event);
      const { code } = (event ?? {}) as { code?: unknown };
      if (entry) host.expired(entry, textOf(code) ?? "");
    },
    onUploadEnd: (info) => void page.call("onUploadEnd", info),
  };
}

/** Has the page find an object to write into: the SDK makes one of `paramData.Vod` only. */
function writable(info: UploadInfo): void {
  if (Object.isExtensible(info)) info.videoInfo ??= {};
}

/**
 * @internal Keeps the helper's callbacks where the SDK finds them. What the page puts in their place later, it means for
 * itself: it is called through them.
 */
export function keepCallbacks(uploader: SdkUploader, made: VodSdkOptions, hooks: Hooks, page: Page): void {
  // A build may keep a copy of what it was made with.
  const options = (uploader.options as VodSdkOptions | undefined) ?? made;
  const all = { ...hooks, onTokenEvent: (event: VodTokenEvent) => page.tell(event) };
  for (const name of Object.keys(all) as Name[]) {
    const hook = all[name] as Callback;
    let present: Callback;
    /** Of the page's former callback: the page calls that in its next one, and means what was its own. */
    const through = (own: Callback): Callback => {
      const outer: Callback = (...args) => (outer === present ? hook(...args) : own(...args));
      return outer;
    };
    present = through((...args) => page.given(name)?.apply(options, args));
    Object.defineProperty(options, name, {
      // The SDK is given none of the helper's own options.
      enumerable: name in hooks,
      configurable: false,
      get: () => present,
      set: (callback: unknown) => {
        const own = typeof callback === "function" ? (callback as Callback) : undefined;
        page.replace(name, own);
        present = through((...args) => own?.apply(options, args));
      },
    });
  }
  Object.defineProperty(uploader, "options", {
    enumerable: true,
    get: () => options,
    set: (given: unknown) => void Object.assign(options, given),
  });
}
