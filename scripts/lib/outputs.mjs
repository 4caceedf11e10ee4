// The package's JavaScript, in the three forms that its users' tools read.
//
//   dist/*.js                      modules, for browsers and tools that know `exports` in package.json
//   dist/cjs/*.js, NAME/           for what does not: webpack 4, Jest, require(), TypeScript's `moduleResolution: node`
//   dist/upload-token.global.js    one classic script, for a page without any tool
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

import { root } from "./run.mjs";

const dist = join(root, "dist");
const cjs = join(dist, "cjs");

/** File name in dist/ → source: what `exports` in package.json points at. */
const ENTRIES = {
  index: "js/entries/inline.ts",
  wasm: "js/entries/file.ts",
  "wasm.node": "js/entries/node.ts",
  vod: "js/adapters/vod.ts",
  "ali-oss": "js/adapters/ali-oss.ts",
  tabs: "js/tabs.ts",
  providers: "js/providers.ts",
  vue: "js/vue.ts",
  react: "js/react.ts",
};

/** Entries that name the module as a file beside them: only a module can. */
const OF_MODULES = ["wasm", "wasm.node"];

/** What a page has already if it uses the entry for it. */
const FRAMEWORKS = ["react", "vue"];

/** What webpack 4's parser knows. */
const OLD = "es2019";

const COMMON = {
  absWorkingDir: root,
  platform: "neutral",
  bundle: true,
  minify: true,
  metafile: true,
  logLevel: "silent",
};

/** Writes `dist/*.js`, and removes what an earlier build left there beside them and `others`. */
export async function buildModules(others) {
  const { build } = await import("esbuild");
  const { metafile } = await build({
    ...COMMON,
    entryPoints: ENTRIES,
    outdir: dist,
    format: "esm",
    target: "es2022",
    external: ["node:fs/promises", ...FRAMEWORKS],
    // The entries share their modules: one class of errors, one instance of the module a page.
    splitting: true,
    chunkNames: "shared-[hash]",
    // For whoever debugs this repository; the package holds none, and names none.
    sourcemap: "external",
  });
  const script = await buildScript(build);
  const made = new Set([...Object.keys(metafile.outputs), script, ...others.map((file) => `dist/${file}`)]);
  for (const file of await readdir(dist, { withFileTypes: true })) {
    if (file.isFile() && !made.has(`dist/${file.name}`)) await rm(join(dist, file.name));
  }
}

async function buildScript(build) {
  const outfile = "dist/upload-token.global.js";
  const format = { format: "iife", globalName: "UploadToken", target: OLD };
  await build({ ...COMMON, ...format, entryPoints: ["js/entries/global.ts"], outfile });
  return outfile;
}

/** Writes `dist/cjs/`: expects the types in `dist/types/`. */
export async function buildCommonJs() {
  const { build, transform } = await import("esbuild");
  const entryPoints = Object.fromEntries(Object.entries(ENTRIES).filter(([name]) => !OF_MODULES.includes(name)));
  const { outputFiles } = await build({
    ...COMMON,
    entryPoints,
    outdir: cjs,
    target: OLD,
    external: FRAMEWORKS,
    // esbuild splits modules only. Each file is made CommonJS by itself afterwards, so that these entries share as well.
    format: "esm",
    splitting: true,
    chunkNames: "shared-[hash]",
    write: false,
  });
  await rm(cjs, { recursive: true, force: true });
  await mkdir(cjs, { recursive: true });
  for (const { path, text } of outputFiles) {
    // As a require(): what import() gives of a file of CommonJS differs from tool to tool.
    const supported = { "dynamic-import": false };
    const { code } = await transform(text, { format: "cjs", target: OLD, minify: true, supported });
    await writeFile(path, code);
  }
  await writeManifest(cjs, { type: "commonjs", sideEffects: false });
  // The same types, read as those of CommonJS for the sake of the folder they are in.
  await cp(join(dist, "types"), join(cjs, "types"), { recursive: true });
  await buildFolders();
}

/** A folder for each entry beside the main one: where tools look that know no `exports`. */
async function buildFolders() {
  const { exports } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  for (const [entry, { require }] of Object.entries(exports)) {
    if (entry === "." || !require) continue;
    const folder = join(root, entry);
    const target = (file) => relative(folder, join(root, file));
    await mkdir(folder, { recursive: true });
    await writeManifest(folder, {
      main: target(require.default),
      types: target(require.types),
      sideEffects: false,
    });
  }
}

function writeManifest(folder, content) {
  return writeFile(join(folder, "package.json"), `${JSON.stringify(content, null, 2)}\n`);
}
