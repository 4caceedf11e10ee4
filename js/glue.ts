// Globals that the generated glue calls, as the module needs them: scripts/lib/glue.mjs has it import these by those
// names. What they rest on is looked up at each call, because a page's test may fake it at any time.

/**
 * The executor of the module's futures runs on this. Not the global one: a test may have faked it together with the
 * timers, and every request would hang until the test turns its clock, by when the deadline has passed.
 */
export function queueMicrotask(task: () => void): void {
  void Promise.resolve().then(task);
}

/**
 * A timer that keeps no process of Node alive. Where a platform refuses timers there is none: the module compares the
 * time at calls and at wakes. One that does not wait, as a test's may, is none either: whoever armed it would arm the
 * next at once, for ever.
 *
 * @returns what disarms it: whoever armed a timer must do so.
 */
export function arm(task: () => void, delay: number): () => void {
  const { setTimeout, clearTimeout } = globalThis;
  let waits = false;
  try {
    const timer: unknown = setTimeout(() => waits && task(), delay);
    waits = true;
    (timer as { unref?: () => void } | undefined)?.unref?.();
    return () => clearTimeout(timer as number);
  } catch {
    return () => {};
  }
}

/** As `clearTimeout`, of what {@link arm} gave for the timer's number. */
export function disarm(timer: () => void): void {
  timer();
}
