// What a page downloads: bundled and minified as a page's own build would, then brotli at its highest quality.
import { readFile, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

import { root } from "./run.mjs";

/**
 * Resolves with sizes in bytes after brotli 11: `wasm`, `glue` (the glue and the facade), `vod` (what the
 * adapter adds), the two totals `inline` (default entry) and `file` (`upload-token/wasm`), and what each of the small
 * entries adds to them (`added`).
 */
export async function measure() {
  const wasm = brotli(await readFile(join(root, "dist/upload_token_bg.wasm")));
  const vod = 'export * from "./dist/vod.js";';
  const file = 'export { createTokenManager } from "./dist/wasm.js";';
  const inline = 'export { createTokenManager } from "./dist/index.js";';
  const glue = brotli(await bundle(file));
  const both = brotli(await bundle(file + vod));
  const added = {};
  for (const entry of Object.keys(ADDED)) {
    added[entry] = brotli(await bundle(`${file}${vod}export * from "./dist/${entry}.js";`)) - both;
  }
  return { wasm, glue, vod: both - glue, file: wasm + both, inline: brotli(await bundle(inline + vod)), added };
}

/** Entries that add to the two builds, and how much each may, in bytes. */
const ADDED = { tabs: 3100, providers: 2500, vue: 2600, react: 2500 };

/**
 * No build may be larger, in bytes. Lower them whenever it gets smaller. docs/design.md says what costs what.
 */
const LIMITS = { inline: 150_400, file: 146_800 };

/** What the README may be off by: compressors differ by a few bytes. */
const ROUNDED = 200;

const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

/** By README: the two totals, in its language. */
const SENTENCES = {
  "README.md": ({ inline, file }) => `${kB(inline)}, or ${kB(file)} with the module as a file`,
  "README.zh-CN.md": ({ inline, file }) => `${kB(inline)}（模块单独成文件时为 ${kB(file)}）`,
};

/** What is wrong with the sizes or with what the READMEs say of them, which is then set right; or `undefined`. */
export async function checkSizes() {
  const sizes = await measure();
  for (const [entry, limit] of Object.entries(LIMITS)) {
    if (sizes[entry] > limit) return `${entry} has ${sizes[entry]} bytes, and may have ${limit}\n${table(sizes)}`;
  }
  for (const [entry, limit] of Object.entries(ADDED)) {
    if (sizes.added[entry] > limit) return `${entry} adds ${sizes.added[entry]} bytes, and may add ${limit}`;
  }
  const wrong = [];
  for (const [file, sentence] of Object.entries(SENTENCES)) {
    const text = await readFile(join(root, file), "utf8");
    const place = /<!-- size -->([\d.]+) kB[^\d]+([\d.]+).*?<!-- \/size -->/s.exec(text);
    if (!place) return `${file} has no place for the size`;
    const said = [Number(place[1]) * 1000, Number(place[2]) * 1000];
    if (Math.abs(said[0] - sizes.inline) < ROUNDED && Math.abs(said[1] - sizes.file) < ROUNDED) continue;
    await writeFile(join(root, file), text.replace(place[0], `<!-- size -->${sentence(sizes)}<!-- /size -->`));
    wrong.push(file);
  }
  return wrong.length === 0 ? undefined : `${wrong.join(" and ")} had other sizes; they are set right now`;
}

/** The result of {@link measure} as lines of text. */
export function table(sizes) {
  const rows = [
    ["module (wasm)", sizes.wasm],
    ["glue and facade", sizes.glue],
    ["vod adapter", sizes.vod],
    ["together, `upload-token/wasm`", sizes.file],
    ["together, `upload-token`", sizes.inline],
    ...Object.entries(sizes.added).map(([entry, bytes]) => [`\`upload-token/${entry}\` adds`, bytes]),
  ];
  const lines = rows.map(([what, bytes]) => `  ${what.padEnd(30)} ${(bytes / 1000).toFixed(1).padStart(6)} kB`);
  return ["size as a page downloads it, brotli 11", ...lines].join("\n");
}

/** What a page loads at once; a part that is imported when it is wanted is not in it, nor is a framework. */
async function bundle(contents) {
  const esbuild = await import("esbuild");
  const { outputFiles, metafile } = await esbuild.build({
    stdin: { contents, resolveDir: root },
    absWorkingDir: root,
    outdir: "out",
    bundle: true,
    splitting: true,
    format: "esm",
    minify: true,
    external: ["react", "vue"],
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  const texts = new Map(outputFiles.map(({ path, contents }) => [relative(root, path), contents]));
  const loaded = new Set(["out/stdin.js"]);
  for (const name of loaded) {
    const { imports } = metafile.outputs[name];
    for (const { kind, path, external } of imports) {
      if (kind === "import-statement" && !external) loaded.add(path);
    }
  }
  return Buffer.concat([...loaded].map((name) => texts.get(name)));
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
