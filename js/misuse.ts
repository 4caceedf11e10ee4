// What is said of a name that is not known: the one that was meant, or where it belongs.
import { invalidOption } from "./errors.js";

/**
 * @internal Refuses members of `given` that are not among `names`.
 *
 * @param prefix - what the message has before the name: `policy.`.
 * @param elsewhere - what to write for names that belong somewhere else, or are other libraries' names.
 */
export function checkNames(
  given: object,
  names: readonly string[],
  { prefix = "", elsewhere = {} }: { prefix?: string; elsewhere?: Readonly<Record<string, string>> } = {},
): void {
  for (const name of Object.keys(given)) {
    if (names.includes(name)) continue;
    const advice = Object.hasOwn(elsewhere, name) ? elsewhere[name] : nearest(name, names);
    throw invalidOption(prefix + name, `is not an option; ${advice}`);
  }
}

/** @internal Which of `names` was meant by `name`, as half a sentence; all of them if none is near. */
export function nearest(name: string, names: readonly string[]): string {
  const small = name.toLowerCase();
  const meant = names.find((other) => isNear(other.toLowerCase(), small));
  return meant === undefined ? `there are ${names.join(", ")}` : `did you mean ${meant}?`;
}

/** @internal Whether at most two letters were added, left out or replaced. */
export function isNear(one: string, other: string): boolean {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [at, letter] of [...one].entries()) {
    const next = [at + 1];
    for (const [index, against] of [...other].entries()) {
      const replaced = (row[index] ?? 0) + (letter === against ? 0 : 1);
      next.push(Math.min(replaced, (row[index + 1] ?? 0) + 1, (next[index] ?? 0) + 1));
    }
    row = next;
  }
  return (row[other.length] ?? 3) <= 2;
}
