import { report } from "./report.js";

/** @internal Functions to call when something has changed. What one throws is reported, and silences no other. */
export class Listeners {
  #listeners: readonly (() => void)[] = [];

  readonly add = (listener: () => void): (() => void) => {
    const entry = (): void => listener();
    this.#listeners = [...this.#listeners, entry];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== entry);
    };
  };

  get isEmpty(): boolean {
    return this.#listeners.length === 0;
  }

  call(): void {
    for (const listener of this.#listeners) {
      try {
        listener();
      } catch (error) {
        report(error);
      }
    }
  }
}
