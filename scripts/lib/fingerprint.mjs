// Skipping work whose inputs have not changed: by content, because a checkout changes every date.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { root, say } from "./run.mjs";

/** A digest of the names and contents of `paths`, files or directories relative to the repository. */
export async function fingerprint(paths) {
  const hash = createHash("sha256");
  for (const path of paths) {
    for (const file of await filesUnder(path)) {
      const content = await readFile(join(root, file));
      hash.update(`${file}\0${content.length}\0`).update(content);
    }
  }
  return hash.digest("hex");
}

/** The files at or under `path`, relative to the repository, in a stable order; none if it is not there. */
async function filesUnder(path) {
  const full = join(root, path);
  if (!existsSync(full)) return [];
  if ((await stat(full)).isFile()) return [path];
  const entries = await readdir(full, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => join(entry.parentPath, entry.name).slice(root.length)).sort();
}

/** Runs `make` unless it last succeeded with the same `inputs` and its `outputs` are still there. */
export async function stamped(name, inputs, outputs, make) {
  const stamp = join(root, ".cache", `${name}.stamp`);
  const last = await readFile(stamp, "utf8").catch(() => "");
  if (last === inputs && outputs.every((file) => existsSync(file))) {
    say(`${name.padEnd(10)} up to date`);
    return;
  }
  await rm(stamp, { force: true });
  await make();
  await mkdir(join(root, ".cache"), { recursive: true });
  await writeFile(stamp, inputs);
}
