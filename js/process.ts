/** What keeps a process of Node alive; the module's own timers do not. */
let channel: MessageChannel | undefined;

/** @internal Keeps a process of Node alive until {@link letProcessEnd}. */
export function keepProcess(): void {
  const { process } = globalThis as { process?: { versions?: { node?: string } } };
  if (channel || process?.versions?.node === undefined) return;
  // A simulated page, such as jsdom's, is of Node too, and may have none. Its test keeps the process itself.
  if (typeof MessageChannel === "undefined") return;
  // Not a timer: a test may have faked those. A port that is listened to keeps the process.
  channel = new MessageChannel();
  channel.port1.onmessage = () => {};
}

/** @internal */
export function letProcessEnd(): void {
  channel?.port1.close();
  channel = undefined;
}
