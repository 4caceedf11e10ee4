/** In front of a VideoId, where the SDK keeps its checkpoints. */
const PREFIX = "upload-token ";

/**
 * @internal What the AppServer gave with each video, for an upload that goes on after a reload.
 *
 * A ticket is worth nothing without its user's session, and is no secret.
 */
export const tickets = {
  of: (videoId: string | undefined): string | undefined =>
    (videoId && attempt(() => localStorage.getItem(PREFIX + videoId))) || undefined,

  keep(videoId: string | undefined, ticket: string | undefined): void {
    if (videoId && ticket) attempt(() => localStorage.setItem(PREFIX + videoId, ticket));
  },

  drop(videoId: string | undefined): void {
    if (videoId) attempt(() => localStorage.removeItem(PREFIX + videoId));
  },
};

/** Storage may be forbidden, full or absent; then nothing survives a reload, and the SDK's checkpoints do not either. */
function attempt<R>(act: () => R): R | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
