// Where the default entry has the WebAssembly module from: text in the package itself, which needs
// no configuration of any bundler, no second request and no `connect-src`.
import hex from "../pkg/inline.js";

/** The bytes of the module. Decoded when asked, so that an import costs nothing. */
export function load(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = digit(2 * i) * 16 + digit(2 * i + 1);
  return bytes;
}

/** The hexadecimal digit at `index`: the low bits of `0`–`9` are its value, those of `a`–`f` are 1–6. */
function digit(index: number): number {
  const code = hex.charCodeAt(index);
  return (code & 15) + (code >> 6) * 9;
}
