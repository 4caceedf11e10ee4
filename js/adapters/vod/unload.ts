const EVENTS = ["beforeunload", "pagehide"];

/**
 * Makes an uploader without losing the page's own `onbeforeunload`, which the SDK's constructor overwrites.
 *
 * The SDK's handler marks the checkpoint of the running file as one that may be resumed. It is kept as a
 * listener, also for `pagehide`, where browsers on phones end a page without asking.
 *
 * @internal
 * @returns the uploader, and what takes the listeners away.
 */
export function keepingUnload<T extends object>(make: () => T): { made: T; release: () => void } {
  const nothing = (): void => {};
  if (typeof window === "undefined") return { made: make(), release: nothing };
  const before = window.onbeforeunload;
  let made: T;
  let own: typeof window.onbeforeunload;
  try {
    made = make();
  } finally {
    own = window.onbeforeunload;
    window.onbeforeunload = before;
  }
  if (own === before || own === null) return { made, release: nothing };
  handlers.set(made, own);
  // Weak: a listener of the window must not keep every uploader that a page ever made.
  const ref = new WeakRef(made);
  const listener = (fired: Event): void => {
    const uploader = ref.deref();
    if (uploader) handlers.get(uploader)?.call(window, fired as BeforeUnloadEvent);
    else release();
  };
  const release = (): void => {
    for (const event of EVENTS) window.removeEventListener(event, listener);
  };
  for (const event of EVENTS) window.addEventListener(event, listener);
  return { made, release };
}

const handlers = new WeakMap<object, OnBeforeUnloadEventHandlerNonNull>();
