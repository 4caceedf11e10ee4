// Where the entry `upload-token/wasm` has the WebAssembly module from in a browser: a file beside the
// script, compiled while it arrives. Bundlers recognise this very expression and copy the file.

/** The address of the module. */
export function load(): URL {
  return new URL("./upload_token_bg.wasm", import.meta.url);
}
