// Bytes as text that fits into any script: printable ASCII, without what a string or a page's own markup would end at.

/** Characters that stand for bytes, without `"`, `<` and `\`. */
const PLACES = [...Array(92).keys()].map((at) => String.fromCharCode(35 + at)).filter((char) => !"<\\".includes(char));

/**
 * One character for each byte up to 89, which are most of a module; two for a byte beyond, of which the first is a
 * space (90 to 179) or `!` (180 to 255). js/load-inline.ts reads it.
 *
 * @param {Uint8Array} bytes
 */
export function asText(bytes) {
  const beyond = (byte) => " !"[Math.floor(byte / PLACES.length) - 1];
  const one = (byte) => (byte < PLACES.length ? "" : beyond(byte)) + PLACES[byte % PLACES.length];
  return Array.from(bytes, one).join("");
}
