// Where the entry `upload-token/wasm` has the WebAssembly module from in Node, whose fetch reads no files.
import { readFile } from "node:fs/promises";

/** The bytes of the module. */
export function load(): Promise<Uint8Array<ArrayBuffer>> {
  return readFile(new URL("./upload_token_bg.wasm", import.meta.url));
}
