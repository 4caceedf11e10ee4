// The one function of Node that entries/node.ts needs; all of @types/node would let browser code use the rest.
declare module "node:fs/promises" {
  export function readFile(file: URL): Promise<Uint8Array<ArrayBuffer>>;
}
