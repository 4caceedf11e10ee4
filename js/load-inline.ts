// Where the default entry has the WebAssembly module from: text in the package itself, which needs
// no configuration of any bundler, no second request and no `connect-src`.
import text from "../pkg/inline.js";

/** The bytes of the module, as scripts/lib/inline.mjs wrote them. Decoded when asked, so that an import costs nothing. */
export function load(): Uint8Array<ArrayBuffer> {
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
