// Projects that have installed the packed package, and know nothing of this repository.
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { root, run } from "../../../scripts/lib/run.mjs";

/** The sources of the projects. */
export const here = join(root, "tests/package/consumers");
/** Holds every project; what is installed in it is found by all of them. */
export const folder = join(root, ".cache/consumers");
export const www = join(folder, "www");

/** Modules of the bundlers, as the projects see them. */
export const require = createRequire(join(folder, "package.json"));

/** Installs the bundlers from their lock file, unless they are there, and the package, packed just now. */
export async function install() {
  await installFrom(here, folder);
  await rm(www, { recursive: true, force: true });
  await mkdir(www, { recursive: true });
}

/** Does so for the lock file in the directory `from`, into the folder `into`. */
export async function installFrom(from, into) {
  await mkdir(into, { recursive: true });
  const lock = await readFile(join(from, "package-lock.json"), "utf8");
  const stamp = join(into, "installed.json");
  if (!existsSync(stamp) || (await readFile(stamp, "utf8")) !== lock) {
    for (const file of ["package.json", "package-lock.json", ".npmrc"]) await cp(join(from, file), join(into, file));
    // Not `npm ci`: it refuses a lock file for the sake of optional packages that are for other systems.
    await run("npm", ["install", "--no-audit", "--no-fund"], { cwd: into });
    await writeFile(stamp, lock);
  }
  const installed = join(into, "node_modules/upload-token");
  await rm(installed, { recursive: true, force: true });
  await mkdir(installed, { recursive: true });
  const { stdout } = await run("npm", ["pack", "--json", "--silent", "--pack-destination", into]);
  const [{ filename }] = JSON.parse(stdout);
  await run("tar", ["-xzf", join(into, filename), "--strip-components=1", "-C", installed]);
}

/** A file of `apps/`, whose ENTRY is `entry`. */
export async function app(file, entry) {
  const source = await readFile(join(here, "apps", file), "utf8");
  return source.replaceAll('"ENTRY"', JSON.stringify(entry));
}

/** Makes a project of the files `names` of `apps/`, whose ENTRY is `entry`; resolves with its folder. */
export async function project(name, entry, names) {
  const made = join(folder, name);
  await rm(made, { recursive: true, force: true });
  await mkdir(made, { recursive: true });
  for (const file of names) {
    const target = join(made, file.replace(/^next\//, ""));
    await mkdir(join(target, ".."), { recursive: true });
    await writeFile(target, await app(file, entry));
  }
  await writeFile(join(made, "package.json"), JSON.stringify({ name, private: true, type: "module" }));
  return made;
}

const VENDOR = `<script src="/vendor/aliyun-oss-sdk.js"></script>
<script src="/alias.js"></script>
<script src="/vendor/aliyun-upload-vod.js"></script>`;

/** A page with the vendor's script tags, then `tags`. */
export const html = (tags, head = "") => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,">${head}<title>consumer</title>
${VENDOR}
</head><body>${tags}</body></html>
`;
