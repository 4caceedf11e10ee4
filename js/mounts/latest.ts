import { report } from "../report.js";
import { isThenable } from "../thenable.js";

type Callback = (this: unknown, ...args: unknown[]) => unknown;

/**
 * @internal `options` with stand-ins for the functions among them. What is made with options keeps them, while a
 * component makes new ones each time it is rendered, and others may come to share what was made.
 *
 * @param given - the options of the components that share it at that moment, the one that was mounted last at the end.
 * @param callbacks - names of some. Each component's are called, also one that was not there at first; of any other
 *   function there is one answer, which is that of the component that was mounted last.
 */
export function standIns<Options extends object>(
  options: Options,
  given: () => readonly Options[],
  callbacks: readonly (keyof Options)[] = [],
): Options {
  const own = { ...options };
  const put = (name: keyof Options, call: Callback): void => {
    own[name] = call as Options[typeof name];
  };
  for (const name of Object.keys(options) as (keyof Options)[]) {
    const first: unknown = options[name];
    if (typeof first !== "function") continue;
    put(name, function (...args) {
      return Reflect.apply(newest(given(), name) ?? first, this, args) as unknown;
    });
  }
  for (const name of callbacks) {
    // What is no function is refused by whoever is given it.
    if (options[name] && typeof options[name] !== "function") continue;
    put(name, function (...args) {
      return all(given(), (options) => call(options[name], this, args));
    });
  }
  return own;
}

/** @internal The function of this name of the component that was mounted last, of those that give one. */
export function newest<Options extends object>(given: readonly Options[], name: keyof Options): Callback | undefined {
  return given
    .map((options): unknown => options[name])
    .filter((value): value is Callback => typeof value === "function")
    .at(-1);
}

/** What all of them promise. */
function all<Options>(given: readonly Options[], call: (options: Options) => unknown): unknown {
  const promises = given.map(call).filter(isThenable);
  return promises.length > 1 ? Promise.all(promises) : promises[0];
}

/** What one throws silences no other. */
function call(callback: unknown, self: unknown, args: unknown[]): unknown {
  if (typeof callback !== "function") return undefined;
  try {
    return Reflect.apply(callback, self, args);
  } catch (error) {
    report(error);
    return undefined;
  }
}
