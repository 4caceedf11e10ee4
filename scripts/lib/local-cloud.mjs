// The local cloud as a module for a service worker: `.cache/local-cloud/`, a script without modules and its wasm.
import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";

import { fingerprint, stamped } from "./fingerprint.mjs";
import { exclusively } from "./lock.mjs";
import { root, run, say } from "./run.mjs";
import { sameEverywhere } from "../build.mjs";
import { tools } from "../setup.mjs";

/** Where the module is. */
export const localCloud = join(root, ".cache/local-cloud");

/** The script, which sets the global `wasm_bindgen`, and the module that it is to be given. */
export const SCRIPT = "local_cloud.js";
export const MODULE = "local_cloud_bg.wasm";

const INPUTS = ["localcloud/src", "localcloud/worker", "localcloud/Cargo.toml", "Cargo.lock", "tools/Cargo.lock"];

/** Builds it if it is out of date. Expects `setup` to have run. */
export async function buildLocalCloud() {
  await exclusively("local-cloud", async () => {
    const inputs = await fingerprint([...INPUTS, "rust-toolchain.toml", "scripts/lib/local-cloud.mjs"]);
    await stamped("local-cloud", inputs, [join(localCloud, SCRIPT), join(localCloud, MODULE)], make);
  });
}

async function make() {
  say("localcloud cargo build for wasm32 (a minute or two)");
  const name = "upload-token-localcloud-worker";
  const target = ["--profile", "wasm", "--target", "wasm32-unknown-unknown"];
  await run("cargo", ["build", "--locked", "--package", name, ...target], { env: await sameEverywhere() });
  const folder = join(resolve(root, process.env.CARGO_TARGET_DIR ?? "target"), "wasm32-unknown-unknown/wasm");
  await rm(localCloud, { recursive: true, force: true });
  await mkdir(localCloud, { recursive: true });
  const options = ["--target", "no-modules", "--no-typescript", "--out-name", "local_cloud", "--out-dir", localCloud];
  await run(tools.wbg, [...options, join(folder, `${name.replaceAll("-", "_")}.wasm`)]);
}
