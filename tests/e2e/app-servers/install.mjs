// The frameworks and clients of others, installed apart from this repository's own packages.
import { existsSync } from "node:fs";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { exclusively } from "../../../scripts/lib/lock.mjs";
import { root, run } from "../../../scripts/lib/run.mjs";

const here = join(root, "tests/e2e/app-servers");
const folder = join(root, ".cache/app-servers");

/** A Python with the packages of requirements.txt. */
export const python = join(folder, "venv/bin/python");

/** What `require()` and `import` give in a project that has installed them. */
export const require = createRequire(join(folder, "package.json"));
export const load = (name) => import(pathToFileURL(require.resolve(name)).href);

/** Installs what package-lock.json and requirements.txt list, unless it is there. Files that run at once may ask together. */
export async function install() {
  await exclusively("app-servers", async () => {
    await mkdir(folder, { recursive: true });
    await stamped("npm", "package-lock.json", async () => {
      for (const file of ["package.json", "package-lock.json", ".npmrc"]) {
        await cp(join(here, file), join(folder, file));
      }
      await run("npm", ["install", "--no-audit", "--no-fund"], { cwd: folder });
    });
    await stamped("pip", "requirements.txt", async () => {
      await run("python3", ["-m", "venv", join(folder, "venv")]);
      await run(python, ["-m", "pip", "install", "--quiet", "--requirement", join(here, "requirements.txt")]);
    });
  });
}

async function stamped(name, list, make) {
  const wanted = await readFile(join(here, list), "utf8");
  const stamp = join(folder, `${name}.installed`);
  if (existsSync(stamp) && (await readFile(stamp, "utf8")) === wanted) return;
  await make();
  await writeFile(stamp, wanted);
}
