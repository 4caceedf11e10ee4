/**
 * @internal The module that the package itself holds: loaded if no other is given, once for all, and not before it is
 * needed.
 */
export async function inlined(): Promise<Uint8Array<ArrayBuffer>> {
  return (await import("./inline.js")).wasm();
}
