/** @internal What a manager wants another token in place of. */
export interface Wanted {
  /** When the token ends that it has in hand; 0 if any other one will do. */
  readonly after: number;
  /** The accessKeyId of that token. */
  readonly held?: string | undefined;
  /** How long ago the answer behind it was asked for, ms. */
  readonly heldFor?: number | undefined;
  /** The accessKeyId of a token that a server refused. */
  readonly rejected?: string | undefined;
}

/** @internal A token that another manager has in hand. */
export interface Offered {
  readonly accessKeyId: string;
  readonly expiresAt: number;
  /** How long ago the answer behind it was asked for, ms. */
  readonly age: number;
}

/** How much the ages of one answer differ from tab to tab, at the most, ms. */
const APART = 1000;

/**
 * @internal Whether `offered` is progress.
 *
 * No tab is the issuer: of an end that nothing names each has a guess of its own, and that of one token is a little later
 * in one tab than in another. So the token in hand itself is news only if its issuer has given it again since.
 */
export function isNews(offered: Offered, { after, held, heldFor = 0, rejected }: Wanted): boolean {
  const { accessKeyId, expiresAt, age } = offered;
  if (accessKeyId === rejected) return false;
  return accessKeyId === held ? age + APART < heldFor : expiresAt > after;
}
