/** @internal Options whose functions are those that were given last, however often a component gives new ones. */
export interface Latest<Options extends object> {
  readonly options: Options;
  update(options: Options): void;
}

/**
 * @internal What is made with `options` keeps them, while a component makes new ones each time it is rendered. So it is
 * given stand-ins for the functions among them.
 *
 * @param optional - names of functions that a later render may add.
 */
export function latest<Options extends object>(
  options: Options,
  optional: readonly (keyof Options)[],
): Latest<Options> {
  let current = options;
  const own = { ...options };
  for (const name of new Set([...(Object.keys(options) as (keyof Options)[]), ...optional])) {
    const given = options[name];
    if (given === undefined ? !optional.includes(name) : typeof given !== "function") continue;
    const call = function (this: unknown, ...args: unknown[]): unknown {
      const now: unknown = current[name];
      return typeof now === "function" ? Reflect.apply(now, this, args) : undefined;
    };
    // What a source has beside being a function goes with it.
    own[name] = Object.assign(call, given) as Options[typeof name];
  }
  return {
    options: own,
    update(options) {
      current = options;
    },
  };
}
