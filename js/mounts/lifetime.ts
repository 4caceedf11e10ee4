/** @internal Whether there is a page. Where there is none, as on a server, nothing is mounted and nothing is kept. */
export function hasPage(): boolean {
  return typeof window !== "undefined";
}

/**
 * @internal How long a resource of components lives: while one of them is mounted, or, if it is kept, until it is ended.
 *
 * React's StrictMode unmounts a component in order to mount it again at once. So the end waits for the turn to be over.
 */
export class Lifetime {
  readonly #begin: () => void;
  readonly #end: () => void;
  readonly #kept: boolean;
  #mounts = 0;

  constructor(kept: boolean, begin: () => void, end: () => void) {
    this.#kept = kept;
    this.#begin = begin;
    this.#end = end;
  }

  get mounted(): boolean {
    return this.#mounts > 0;
  }

  /** Returns the function that unmounts. */
  mount(): () => void {
    this.#mounts += 1;
    this.#begin();
    let mounted = true;
    return () => {
      if (!mounted) return;
      mounted = false;
      this.#mounts -= 1;
      if (this.#kept) return;
      void Promise.resolve().then(() => {
        if (this.#mounts === 0) this.#end();
      });
    };
  }
}

/** @internal What was kept, by its name. */
export class Kept<T> {
  readonly #kept = new Map<string, T>();

  /** What is kept as `name`, made if there is none; made anew each time without a name. */
  get(name: string | undefined, make: () => T): T {
    if (name === undefined || !hasPage()) return make();
    let found = this.#kept.get(name);
    if (found === undefined) this.#kept.set(name, (found = make()));
    return found;
  }

  /** Keeps `value` again, unless there is another one as `name` by now. */
  put(name: string | undefined, value: T): void {
    this.get(name, () => value);
  }

  drop(value: T): void {
    for (const [name, kept] of this.#kept) if (kept === value) this.#kept.delete(name);
  }
}
