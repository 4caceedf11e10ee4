// Where the default entry has the WebAssembly module from: text in the package itself, which needs
// no configuration of any bundler, no second request and no `connect-src`.
import base64 from "../pkg/inline.js";

/** @internal The bytes of the module. Decoded when asked, so that an import costs nothing. */
export function load(): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
