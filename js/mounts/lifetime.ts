import { invalidOption } from "../errors.js";

/** @internal Whether there is a page. Where there is none, as on a server, nothing is mounted and nothing is kept. */
export function hasPage(): boolean {
  return typeof window !== "undefined";
}

/** @internal What a component gives, as it was rendered last. */
export interface Given<T> {
  readonly current: T;
}

/** What a {@link Lifetime} is about. */
interface Resource {
  /** A component was mounted. */
  begin(): void;
  /** The last component is gone. */
  end(): void;
  /** Whether it stays without a component. */
  isKept(): boolean;
}

/**
 * @internal How long a resource of components lives: while one of them is mounted, or, if it is kept, until it is ended.
 *
 * React's StrictMode unmounts a component in order to mount it again at once. So the end waits for the turn to be over.
 */
export class Lifetime<T> {
  readonly #resource: Resource;
  #mounted: readonly { readonly given: Given<T> }[] = [];
  #last: Given<T>;
  #begun = false;

  /** @param first - what the component gives that asked for it: before it is mounted. */
  constructor(first: Given<T>, resource: Resource) {
    this.#last = first;
    this.#resource = resource;
  }

  get mounted(): boolean {
    return this.#mounted.length > 0;
  }

  /** What each mounted component gives, the one that was mounted last at the end; without any, what the last one gave. */
  get given(): readonly T[] {
    return this.mounted ? this.#mounted.map(({ given }) => given.current) : [this.#last.current];
  }

  /** Returns the function that unmounts. */
  mount(given: Given<T>): () => void {
    const entry = { given };
    this.#mounted = [...this.#mounted, entry];
    const remove = (): void => {
      this.#mounted = this.#mounted.filter((other) => other !== entry);
    };
    try {
      this.#resource.begin();
    } catch (error) {
      // Nobody will unmount a component whose hook threw.
      remove();
      if (!this.#begun && !this.mounted) this.#resource.end();
      throw error;
    }
    this.#begun = true;
    return () => {
      if (!this.#mounted.includes(entry)) return;
      remove();
      // As it is now: a component that goes on under another name gives something else from here on.
      this.#last = { current: given.current };
      void Promise.resolve().then(() => {
        if (!this.mounted && !this.#resource.isKept()) this.#resource.end();
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

  has(value: T): boolean {
    return [...this.#kept.values()].includes(value);
  }

  drop(value: T): void {
    for (const [name, kept] of this.#kept) if (kept === value) this.#kept.delete(name);
  }
}

/** @internal The name in the option `keepAlive`, if it holds one: `false` and an empty one keep nothing. */
export function nameOf({ keepAlive }: { keepAlive?: unknown }): string | undefined {
  if (keepAlive === undefined || keepAlive === null || keepAlive === false || keepAlive === "") return undefined;
  if (typeof keepAlive === "string") return keepAlive;
  throw invalidOption("keepAlive", "must be a text: the name by which the next component finds what is kept");
}
