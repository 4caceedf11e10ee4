/** What {@link locked} is given beside the name. */
interface LockWait {
  /** Ends the wait, not what is done under the lock. */
  readonly signal: AbortSignal;
  /** How long to wait, ms. */
  readonly patience: number;
  /** Takes the lock from whoever has it. */
  readonly steal?: boolean;
}

/**
 * @internal Does `act` under the lock `name`. Resolves with what it did, or `undefined` if the lock was not to be had.
 *
 * A tab from which the lock was taken goes on with what it does, and is told of that and not of the loss.
 */
export function locked<T>(
  name: string,
  { signal, patience, steal = false }: LockWait,
  act: () => Promise<T>,
): Promise<{ value: T } | undefined> {
  return new Promise((resolve, reject) => {
    let begun = false;
    const wait = new AbortController();
    const giveUp = (): void => wait.abort();
    const timer = setTimeout(giveUp, patience);
    signal.addEventListener("abort", giveUp);
    if (signal.aborted) giveUp();
    const waited = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
    };
    // The two options exclude each other; a lock that is taken is had at once.
    const options: LockOptions = steal ? { steal } : { signal: wait.signal };
    const held = async (): Promise<void> => {
      begun = true;
      waited();
      await act().then((value) => resolve({ value }), reject);
    };
    // Where the browser gives a page no locks, the call itself may throw.
    const request = async (): Promise<void> => navigator.locks.request(name, options, held);
    request().catch(() => {
      waited();
      if (!begun) resolve(undefined);
    });
  });
}
