/** @internal Whether it is waited for, as `await` would: a promise of whatever library. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}
