/** @internal Reports what was thrown and nobody waits for, as the platform reports what its own listeners throw. */
export function report(error: unknown): void {
  if (typeof reportError === "function") reportError(error);
  else
    queueMicrotask(() => {
      throw error;
    });
}
