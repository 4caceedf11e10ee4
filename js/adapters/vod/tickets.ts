/** In front of a VideoId, where the SDK keeps its checkpoints. */
const PREFIX = "upload-token ";

/** How long the reference AppServer takes a ticket, ms: 30 days. */
const LIFE = 30 * 24 * 3_600_000;

/** When a ticket was kept, in front of it, in ms since the epoch. Those of earlier versions have no date. */
const DATED = /^kept (\d+) (.*)$/s;

/**
 * @internal What the AppServer gave with each video, for an upload that goes on after a reload.
 *
 * A ticket is worth nothing without its user's session, and is no secret.
 */
export const tickets = {
  of: (videoId: string | undefined): string | undefined =>
    (videoId && attempt(() => ticketIn(localStorage.getItem(PREFIX + videoId)))) || undefined,

  keep(videoId: string | undefined, ticket: string | undefined): void {
    if (!videoId || !ticket) return;
    attempt(prune);
    attempt(() => localStorage.setItem(PREFIX + videoId, dated(ticket)));
  },

  drop(videoId: string | undefined): void {
    if (videoId) attempt(() => localStorage.removeItem(PREFIX + videoId));
  },

  /** Another user: all that are kept are the former's. */
  dropAll(): void {
    attempt(() => names().forEach((name) => localStorage.removeItem(name)));
  },
};

/** Of a file that was never chosen again, nobody else drops it. */
function prune(): void {
  for (const name of names()) {
    const value = localStorage.getItem(name) ?? "";
    const [, kept] = DATED.exec(value) ?? [];
    if (kept === undefined) localStorage.setItem(name, dated(value));
    else if (Number(kept) < Date.now() - LIFE) localStorage.removeItem(name);
  }
}

function names(): string[] {
  const all = Array.from({ length: localStorage.length }, (_, index) => localStorage.key(index) ?? "");
  return all.filter((name) => name.startsWith(PREFIX));
}

function dated(ticket: string): string {
  return `kept ${Date.now()} ${ticket}`;
}

function ticketIn(value: string | null): string | undefined {
  return DATED.exec(value ?? "")?.[2] ?? value ?? undefined;
}

/** Storage may be forbidden, full or absent; then nothing survives a reload, and the SDK's checkpoints do not either. */
function attempt<R>(act: () => R): R | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
