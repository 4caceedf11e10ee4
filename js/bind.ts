/**
 * @internal Makes each method of `object` one of its own that runs with the object itself as `this`, whatever it is
 * called through.
 *
 * Frameworks wrap what a page keeps: a method that runs with such a proxy as `this` finds no private member, keeps
 * proxies of what it makes, and is torn from its state by a proxy that copies, or lets nothing be written.
 */
export function bindMethods(object: object): void {
  const names = new Set<string | symbol>();
  for (let at: object | null = object; at && at !== Object.prototype; at = Object.getPrototypeOf(at) as object | null) {
    for (const name of Reflect.ownKeys(at)) names.add(name);
  }
  names.delete("constructor");
  for (const name of names) {
    const method: unknown = Reflect.get(object, name);
    if (typeof method === "function") replaceMethod(object, name, method.bind(object) as Method);
  }
}

type Method = (...args: unknown[]) => unknown;

/** @internal Gives `object` a method of its own; whoever lists its properties does not see it. */
export function replaceMethod(object: object, name: string | symbol, method: Method): void {
  Object.defineProperty(object, name, { value: method, writable: true, configurable: true, enumerable: false });
}
