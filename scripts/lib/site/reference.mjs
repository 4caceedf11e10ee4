// The API reference: one page for each entry of the package, made of the comments in js/.
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { root, run } from "../run.mjs";

/** Entry of the package → what TypeDoc calls it, by its file. */
export const MODULES = {
  "upload-token": "entries/inline",
  "upload-token/wasm": "entries/file",
  "upload-token/vod": "adapters/vod",
  "upload-token/ali-oss": "adapters/ali-oss",
  "upload-token/tabs": "tabs",
  "upload-token/vue": "vue",
  "upload-token/react": "react",
  "upload-token/providers": "providers",
};

/** Writes the pages into the folder `into`. */
export async function writeReference(into) {
  const typedoc = join(root, "node_modules/.bin/typedoc");
  await run(typedoc, ["--options", join(root, "scripts/lib/site/typedoc.json"), "--out", into]);
  await rm(join(into, "README.md"));
  for (const [entry, module] of Object.entries(MODULES)) {
    const path = join(into, `${module}.md`);
    const text = await readFile(path, "utf8");
    await writeFile(path, text.replace(`# ${module}\n`, `# ${entry}\n`));
  }
}
