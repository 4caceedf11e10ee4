/** How far back a speed looks, ms. */
const WINDOW = 10_000;

/** A speed over less than that is a guess, ms. */
const SHORTEST = 300;

/** @internal How fast a file is sent. Its progress comes in steps of a part, so that the last step alone says little. */
export class Speed {
  #samples: { readonly at: number; readonly bytes: number }[] = [];

  /** @param bytes - how many are stored at `at`, in ms. */
  add(at: number, bytes: number): void {
    const last = this.#samples.at(-1);
    // The file begins anew.
    if (last && bytes < last.bytes) this.reset();
    this.#samples.push({ at, bytes });
    while (this.#samples.length > 2 && (this.#samples[1]?.at ?? at) < at - WINDOW) this.#samples.shift();
  }

  reset(): void {
    this.#samples = [];
  }

  /** At `now`, in ms: it falls while nothing arrives. 0 as long as nothing can be said, and after a long silence. */
  bytesPerSecond(now: number): number {
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    if (!first || !last || last.at - first.at < SHORTEST || now - last.at >= WINDOW) return 0;
    return ((last.bytes - first.bytes) * 1000) / (Math.max(now, last.at) - first.at);
  }
}
