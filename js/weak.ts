// What the module is given to keep. The module's memory is never searched for garbage, so a cycle through it would
// never be collected: whatever leads from there to an object of the page leads over a weak reference.
import { report } from "./report.js";

/**
 * @internal A function that the module may keep: it calls what `find` finds of `owner` then, and does not throw but
 * rejects. An exception that the module catches costs it an entry of a table for good.
 */
export function weakFunction<T extends object>(
  owner: T,
  find: (owner: T) => (...args: never[]) => unknown,
): (...args: unknown[]) => Promise<unknown> {
  const ref = new WeakRef(owner);
  return async (...args) => {
    const found = ref.deref();
    return found && (find(found) as (...args: unknown[]) => unknown)(...args);
  };
}

/** @internal As {@link weakFunction}, for an option that may also be a value. */
export function weakOption<T extends object, V>(owner: T, find: (owner: T) => V): V | (() => Promise<unknown>) {
  if (typeof find(owner) !== "function") return find(owner);
  return weakFunction(owner, find as (owner: T) => () => unknown);
}

/**
 * @internal `methods` of `owner` as an object that the module may keep. What one throws is a defect of ours: it is
 * reported, and the module goes on as with what was not done.
 */
export function weakObject<T extends object, K extends keyof T>(owner: T, methods: readonly K[]): Pick<T, K> {
  const ref = new WeakRef(owner);
  const call = (method: K, args: unknown[]): unknown => {
    const found = ref.deref();
    try {
      return found && Reflect.apply(found[method] as () => unknown, found, args);
    } catch (error) {
      report(error);
      return undefined;
    }
  };
  const entries = methods.map((method) => [method, (...args: unknown[]) => call(method, args)]);
  return Object.fromEntries(entries) as Pick<T, K>;
}

/** @internal Listeners that somebody else keeps: one that is gone is called no more, and leaves nothing here. */
export class WeakListeners<T> {
  readonly #refs = new Set<WeakRef<(told: T) => void>>();

  add(listener: (told: T) => void): void {
    for (const ref of this.#refs) if (!ref.deref()) this.#refs.delete(ref);
    this.#refs.add(new WeakRef(listener));
  }

  /** Those that are there now. */
  all(): ((told: T) => void)[] {
    return [...this.#refs].map((ref) => ref.deref()).filter((listener) => listener !== undefined);
  }
}
