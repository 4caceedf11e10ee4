import { stopwatch } from "./stopwatch.js";

/** Least time for which a lock is waited for, ms: one that nobody has is had by then. */
const LEAST = 50;

/** @internal A wait for the two locks, one after the other. */
export interface PatientWait {
  /** How long to wait for the first lock, ms. */
  first(): number;
  /** How long to wait for the second one, ms. */
  second(): number;
  /** @param inVain - whether nobody has answered, and this tab's turn has not come. */
  end(inVain: boolean): void;
}

/**
 * @internal How long a tab waits for others, over several requests.
 *
 * A request that ends by its deadline has waited in vain, and the next one waits for that much less: or else a deadline
 * below the patience would end each of them before its turn.
 */
export class Patience {
  /** By scope, ms that were waited in vain. */
  readonly #waited = new Map<string, number>();

  /** @param each - how long to wait for each of the two locks, ms. */
  begin(scope: string, each: number): PatientWait {
    const before = this.#waited.get(scope) ?? 0;
    const since = stopwatch();
    const left = (of: number): number => Math.max(LEAST, of - before - since());
    return {
      first: () => left(each),
      second: () => left(2 * each),
      end: (inVain) => {
        if (inVain) this.#waited.set(scope, before + since());
        else this.#waited.delete(scope);
      },
    };
  }
}
