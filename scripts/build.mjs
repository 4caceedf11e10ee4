// Builds the WebAssembly module into pkg/ and the npm package's files into dist/.
//
//   src/*.rs ─cargo→ .wasm ─wbg→ pkg/upload_token{.js,.d.ts,_bg.wasm} ─wasm-opt→ smaller ─→ pkg/inline.js (as text)
//   js/*.ts  ─esbuild→ dist/*.js, dist/cjs/*.js     ─tsc→ dist/types/*.d.ts
//
// Entries are thin files in js/entries/ that differ in where they have the module from, which they give to the shared
// code. No shared module imports an entry, so an adapter used with the file entry does not bring in the inlined text.
//
// A part is skipped when its inputs have the content that they had when it was last built.
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

import { fingerprint, stamped } from "./lib/fingerprint.mjs";
import { withCheckedTexts, withoutImportEffects, withOwnGlobals } from "./lib/glue.mjs";
import { asModule } from "./lib/inline.mjs";
import { billOfMaterials, notices, shippedCrates } from "./lib/licenses.mjs";
import { exclusively } from "./lib/lock.mjs";
import { command, isMain, root, run, say } from "./lib/run.mjs";
import { buildCommonJs, buildModules } from "./lib/outputs.mjs";
import { measure, table } from "./lib/sizes.mjs";
import { setup, tools } from "./setup.mjs";

const pkg = join(root, "pkg");
const dist = join(root, "dist");
const WASM = "upload_token_bg.wasm";
const NOTICES = "THIRD-PARTY-LICENSES.txt";
const BILL = "sbom.cdx.json";

/**
 * How wasm-opt makes the module small after compression, which likes functions that are alike better than large ones.
 * Nothing of ours is in the first kilobyte of memory: it is the far end of the stack.
 */
export const SMALLEST = ["-Oz", "--converge", "--one-caller-inline-max-function-size=30", "--low-memory-unused"];

/** Builds what is out of date. Expects {@link setup} to have run. */
export async function build() {
  await exclusively("build", async () => {
    await stamped("wasm", await wasmInputs(), [`${pkg}/upload_token.js`, `${pkg}/inline.js`], buildWasm);
    await stamped(
      "package",
      await packageInputs(),
      [`${dist}/index.js`, `${dist}/types/entries/inline.d.ts`, `${root}/vod/package.json`],
      buildPackage,
    );
  });
}

function wasmInputs() {
  const files = [
    "src",
    "Cargo.toml",
    "Cargo.lock",
    "rust-toolchain.toml",
    "tools/Cargo.lock",
    "scripts/build.mjs",
    "scripts/lib/glue.mjs",
    "scripts/lib/inline.mjs",
  ];
  return fingerprint([...files, "node_modules/binaryen/package.json"]);
}

function packageInputs() {
  const files = ["js", "pkg", "tsconfig.json", "package.json", "package-lock.json", "Cargo.lock", "scripts"];
  return fingerprint(files);
}

async function buildWasm() {
  say("wasm       cargo build --profile wasm");
  const target = resolve(root, process.env.CARGO_TARGET_DIR ?? "target");
  const args = ["build", "--locked", "--lib", "--profile", "wasm", "--target", "wasm32-unknown-unknown"];
  await run("cargo", [...args, "--package", "upload-token"], { env: await sameEverywhere() });

  say("wasm       glue and wasm-opt");
  const module = join(target, "wasm32-unknown-unknown/wasm/upload_token.wasm");
  // Without its default path the glue has no `new URL(…)` for bundlers to trip over: loaders name the module.
  const options = [
    "--target",
    "web",
    "--omit-default-module-path",
    "--remove-name-section",
    "--remove-producers-section",
  ];
  await rm(pkg, { recursive: true, force: true });
  await run(tools.wbg, [...options, "--out-dir", pkg, module]);
  const wasm = join(pkg, WASM);
  const wasmOpt = join(root, "node_modules/binaryen/bin/wasm-opt");
  await run(wasmOpt, [...SMALLEST, "--strip-producers", "--strip-target-features", wasm, "-o", wasm]);
  const glue = join(pkg, "upload_token.js");
  await writeFile(glue, withOwnGlobals(withCheckedTexts(withoutImportEffects(await readFile(glue, "utf8")))));

  await writeFile(join(pkg, "inline.js"), asModule(await readFile(wasm)));
  await writeFile(join(pkg, "inline.d.ts"), "export default function bytes(): Uint8Array<ArrayBuffer>;\n");
}

/** The environment for a module that has the same bytes wherever it is built, and names no folder of its maker. */
export async function sameEverywhere() {
  const [{ stdout: printed }, { stdout: version }] = await Promise.all([
    run("rustc", ["--print", "sysroot"]),
    run("rustc", ["--version", "--verbose"]),
  ]);
  const sysroot = printed.trim();
  const commit = /^commit-hash: (\w+)$/m.exec(version)?.[1];
  const cargo = process.env.CARGO_HOME ?? join(homedir(), ".cargo");
  // The last that fits counts. With its sources installed, the standard library's own paths are those of this machine.
  const folders = [
    [cargo, "/cargo"],
    [sysroot, "/rust"],
    [join(sysroot, "lib/rustlib/src/rust"), `/rustc/${commit}`],
    [root, ""],
  ];
  const flags = folders.map(([from, to]) => `--remap-path-prefix=${from}=${to}`);
  return { CARGO_ENCODED_RUSTFLAGS: flags.join("\x1f") };
}

async function buildPackage() {
  say("package    esbuild and tsc");
  await mkdir(dist, { recursive: true });
  await copyFile(join(pkg, WASM), join(dist, WASM));
  const crates = await shippedCrates();
  const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  await writeFile(join(dist, NOTICES), await notices(crates));
  await writeFile(join(dist, BILL), `${JSON.stringify(billOfMaterials(manifest, crates), null, 2)}\n`);
  await buildModules([WASM, NOTICES, BILL]);
  await rm(join(dist, "types"), { recursive: true, force: true });
  await run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "--project", "tsconfig.json"]);
  await buildCommonJs();
}

if (isMain(import.meta.url)) {
  await command(async () => {
    await setup({ browser: false });
    await build();
    console.log(`\n${table(await measure())}`);
  });
}
