/**
 * Makes an uploader without losing the page's own `onbeforeunload`, which the SDK's constructor overwrites.
 *
 * The SDK's handler marks the checkpoint of the running file as one that may be resumed. It is kept as a
 * listener, also for `pagehide`, where browsers on phones end a page without asking.
 *
 * @internal
 */
export function keepingUnload<T extends object>(make: () => T): T {
  if (typeof window === "undefined") return make();
  const before = window.onbeforeunload;
  const made = make();
  const own = window.onbeforeunload;
  if (own === before || own === null) return made;
  window.onbeforeunload = before;
  handlers.set(made, own);
  // Weak: a listener of the window must not keep every uploader that a page ever made.
  const ref = new WeakRef(made);
  for (const event of ["beforeunload", "pagehide"]) {
    const listener = (fired: Event): void => {
      const uploader = ref.deref();
      if (!uploader) return window.removeEventListener(event, listener);
      handlers.get(uploader)?.call(window, fired as BeforeUnloadEvent);
    };
    window.addEventListener(event, listener);
  }
  return made;
}

const handlers = new WeakMap<object, OnBeforeUnloadEventHandlerNonNull>();
