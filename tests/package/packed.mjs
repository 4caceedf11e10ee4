// The package as its users get it: packed, and unpacked into a project of its own.
import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const run = promisify(execFile);

export const root = fileURLToPath(new URL("../../", import.meta.url));

/** The project: `node_modules/upload-token` in it is the unpacked package. */
export const project = join(root, ".cache/package");

let packing;

/** Packs once a process. Resolves with what npm says of the tarball: `filename`, `files` (`path`, `size`), `size`. */
export function packed() {
  packing ??= pack();
  return packing;
}

async function pack() {
  const installed = join(project, "node_modules/upload-token");
  await rm(project, { recursive: true, force: true });
  await mkdir(installed, { recursive: true });
  // Without one of its own, a file here would belong to the package itself, and be given that by its name.
  await writeFile(join(project, "package.json"), JSON.stringify({ type: "module", private: true }));
  const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", project], { cwd: root });
  const [tarball] = JSON.parse(stdout);
  await run("tar", ["-xzf", join(project, tarball.filename), "--strip-components=1", "-C", installed]);
  return tarball;
}
