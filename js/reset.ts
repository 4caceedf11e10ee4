/** @internal Hears that the tokens of a scope, or of all, are of a user who left. */
export type ResetListener = (scope: string | undefined) => void;

/** @internal By a registered symbol: manager and uploader may be from two copies of this package. */
export const ON_RESET = Symbol.for("upload-token.reset");

/** @internal The managers that tell of each reset, to a `listener` which the caller keeps. */
export interface TellsReset {
  [ON_RESET](listener: ResetListener): void;
}

/** @internal Has `tokens`, whosever copy of this package made it, tell `listener` of each reset. */
export function onReset(tokens: unknown, listener: ResetListener): void {
  (tokens as Partial<TellsReset> | null | undefined)?.[ON_RESET]?.(listener);
}
