/** @internal Functions to call when something has changed. */
export class Listeners {
  #listeners: readonly (() => void)[] = [];

  readonly add = (listener: () => void): (() => void) => {
    const entry = (): void => listener();
    this.#listeners = [...this.#listeners, entry];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== entry);
    };
  };

  call(): void {
    for (const listener of this.#listeners) listener();
  }
}
