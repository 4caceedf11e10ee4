/** @internal Ms since it was made: of the two clocks one stops in sleep, and the other may be set. */
export function stopwatch(): () => number {
  const [wall, mono] = [Date.now(), performance.now()];
  return () => Math.max(0, Date.now() - wall, performance.now() - mono);
}
