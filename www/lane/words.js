// Numbers as the page says them.

/** A span in ms. */
export const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

/** A size in bytes. */
export function bytes(size) {
  if (size < 1000) return `${Math.round(size)} B`;
  return size < 1e6 ? `${Math.round(size / 1e3)} kB` : `${(size / 1e6).toFixed(1)} MB`;
}
