import { report } from "../../manager.js";
import type { VodCallbacks, VodOptions, VodTokenEvent } from "./types.js";

/** @internal The page's own callbacks. What one throws is reported and changes nothing. */
export class Page {
  readonly #options: VodOptions;

  constructor(options: VodOptions) {
    this.#options = options;
  }

  call<K extends keyof VodCallbacks>(name: K, ...args: Parameters<Required<VodCallbacks>[K]>): void {
    try {
      const callback = this.#options[name] as ((...args: unknown[]) => void) | undefined;
      callback?.apply(this.#options, args);
    } catch (error) {
      report(error);
    }
  }

  tell(event: VodTokenEvent): void {
    try {
      this.#options.onTokenEvent?.(Object.freeze(event));
    } catch (error) {
      report(error);
    }
  }
}
