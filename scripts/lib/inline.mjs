// Bytes as text that fits into any script: printable ASCII, without what a string or a page's own markup would end at.

/** Characters that stand for bytes, without `"`, `<` and `\`. */
const PLACES = [...Array(92).keys()].map((at) => String.fromCharCode(35 + at)).filter((char) => !"<\\".includes(char));

/**
 * One character for each byte up to 89, which are most of a module; two for a byte beyond, of which the first is a
 * space (90 to 179) or `!` (180 to 255).
 *
 * @param {Uint8Array} bytes
 */
export function encode(bytes) {
  const beyond = (byte) => " !"[Math.floor(byte / PLACES.length) - 1];
  const one = (byte) => (byte < PLACES.length ? "" : beyond(byte)) + PLACES[byte % PLACES.length];
  return Array.from(bytes, one).join("");
}

/**
 * The bytes again. Its source goes into the package, so it uses nothing from outside.
 *
 * @param {string} text
 */
export function decode(text) {
  const bytes = new Uint8Array(text.length);
  let length = 0;
  let beyond = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 35) {
      beyond = 90 * (code - 31);
    } else {
      bytes[length++] = beyond + code - 35 - (code > 60 ? 1 : 0) - (code > 92 ? 1 : 0);
      beyond = 0;
    }
  }
  return bytes.subarray(0, length);
}

/** The source of a module that exports a function which returns `bytes`. An import of it decodes nothing. */
export function asModule(bytes) {
  return `${decode}\nexport default () => decode("${encode(bytes)}");\n`;
}
