// What a page downloads: bundled and minified as a page's own build would, then brotli at its highest quality.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

import { root } from "./run.mjs";

/**
 * Resolves with sizes in bytes after brotli 11: `wasm`, `glue` (the glue and the facade), `vod` (what the
 * adapter adds), and the two totals `inline` (default entry) and `file` (`upload-token/wasm`).
 */
export async function measure() {
  const wasm = brotli(await readFile(join(root, "dist/upload_token_bg.wasm")));
  const vod = 'export * from "./dist/vod.js";';
  const file = 'export { createTokenManager } from "./dist/wasm.js";';
  const inline = 'export { createTokenManager } from "./dist/index.js";';
  const glue = brotli(await bundle(file));
  const both = brotli(await bundle(file + vod));
  return { wasm, glue, vod: both - glue, file: wasm + both, inline: brotli(await bundle(inline + vod)) };
}

/** The result of {@link measure} as lines of text. */
export function table(sizes) {
  const rows = [
    ["module (wasm)", sizes.wasm],
    ["glue and facade", sizes.glue],
    ["vod adapter", sizes.vod],
    ["together, `upload-token/wasm`", sizes.file],
    ["together, `upload-token`", sizes.inline],
  ];
  const lines = rows.map(([what, bytes]) => `  ${what.padEnd(30)} ${(bytes / 1000).toFixed(1).padStart(6)} kB`);
  return ["size as a page downloads it, brotli 11", ...lines].join("\n");
}

async function bundle(contents) {
  const esbuild = await import("esbuild");
  const { outputFiles } = await esbuild.build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    format: "esm",
    minify: true,
    write: false,
    logLevel: "silent",
  });
  return outputFiles[0].contents;
}

function brotli(bytes) {
  return brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_LGWIN]: 22,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  }).length;
}
