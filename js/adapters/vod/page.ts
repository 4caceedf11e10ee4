import { report } from "../../report.js";
import type { VodCallbacks, VodOptions, VodTokenEvent } from "./types.js";

/** @internal Under which an uploader gives its host: a function, which frameworks do not wrap. */
export const HOST = Symbol("upload-token host");

/** Hears all that the page hears, before it does. */
interface Observer extends Required<Pick<VodCallbacks, "onUploadProgress" | "onUploadFailed">> {
  changed(): void;
}

/** @internal */
export type Callback = (...args: unknown[]) => unknown;

/** @internal */
export type Name = keyof VodCallbacks | "onTokenEvent";

/** @internal The page's own callbacks. What one throws is reported and changes nothing. */
export class Page {
  readonly #options: VodOptions;
  readonly #later = new Map<Name, Callback | undefined>();
  observer: Observer | undefined;
  #silent = false;

  constructor(options: VodOptions) {
    this.#options = options;
  }

  /** What the callback returned. */
  call<K extends keyof VodCallbacks>(name: K, ...args: Parameters<Required<VodCallbacks>[K]>): unknown {
    if (this.#silent) return undefined;
    this.#observed(name, args);
    return this.#call(name, args);
  }

  #call(name: Name, args: unknown[]): unknown {
    try {
      const callback = this.#later.has(name) ? this.#later.get(name) : this.given(name);
      return callback?.apply(this.#options, args);
    } catch (error) {
      report(error);
      return undefined;
    }
  }

  /** What the page gave at first, in an object of its own that it may change. */
  given(name: Name): Callback | undefined {
    const given: unknown = this.#options[name];
    // An empty one, or `false`, is none.
    return typeof given === "function" ? (given as Callback) : undefined;
  }

  /** Calls another one from now on, or none. */
  replace(name: Name, callback: Callback | undefined): void {
    this.#later.set(name, callback);
  }

  /** Calls nothing any more. */
  silence(): void {
    this.#silent = true;
  }

  tell(event: VodTokenEvent): void {
    if (this.#silent) return;
    this.observer?.changed();
    this.#call("onTokenEvent", [Object.freeze(event)]);
  }

  #observed(name: keyof VodCallbacks, args: unknown[]): void {
    const { observer } = this;
    if (!observer) return;
    if (name === "onUploadProgress" || name === "onUploadFailed") Reflect.apply(observer[name], observer, args);
    observer.changed();
  }
}
