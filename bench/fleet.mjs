// A million pages on the real machine, in virtual time: `fleet/` does it all.
import { join } from "node:path";

import { root, run } from "../scripts/lib/run.mjs";

const target = join(root, "target/fleet");

/** Resolves with what the fleet prints, and how long it took. */
export async function measure() {
  const manifest = join(root, "bench/fleet/Cargo.toml");
  await run("cargo", ["build", "--release", "--locked", "--manifest-path", manifest, "--target-dir", target]);
  const from = performance.now();
  const { stdout } = await run(join(target, "release/upload-token-fleet"));
  return { seconds: Math.round((performance.now() - from) / 1000), ...JSON.parse(stdout) };
}
