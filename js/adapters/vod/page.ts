import { report } from "../../manager.js";
import type { VodCallbacks, VodOptions, VodTokenEvent } from "./types.js";

/** @internal The page's own callbacks. What one throws is reported and changes nothing. */
export class Page {
  readonly #options: VodOptions;
  #silent = false;

  constructor(options: VodOptions) {
    this.#options = options;
  }

  /** What the callback returned. */
  call<K extends keyof VodCallbacks>(name: K, ...args: Parameters<Required<VodCallbacks>[K]>): unknown {
    if (this.#silent) return undefined;
    try {
      const callback = this.#options[name] as ((...args: unknown[]) => unknown) | undefined;
      return callback?.apply(this.#options, args);
    } catch (error) {
      report(error);
      return undefined;
    }
  }

  /** Calls nothing any more. */
  silence(): void {
    this.#silent = true;
  }

  tell(event: VodTokenEvent): void {
    if (this.#silent) return;
    try {
      this.#options.onTokenEvent?.(Object.freeze(event));
    } catch (error) {
      report(error);
    }
  }
}
