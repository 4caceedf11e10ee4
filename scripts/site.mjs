// Builds the documentation as a site of static files, with search, the API reference and a playground, into site/.
//
//   npm run site                            for the root of a host
//   SITE_BASE=/upload-token/ npm run site   for a folder of one
//
// The pages are the repository's own files. A link that leads nowhere fails the build.
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { build } from "./build.mjs";
import { buildLocalCloud } from "./lib/local-cloud.mjs";
import { command, Failure, isMain, root, run, say } from "./lib/run.mjs";
import { deadLinks } from "./lib/site/links.mjs";
import { titlesOf, writePages } from "./lib/site/pages.mjs";
import { writePlayground } from "./lib/site/playground.mjs";
import { writeReference } from "./lib/site/reference.mjs";
import { setup } from "./setup.mjs";

/** The site's sources. */
const sources = join(root, ".cache/site");

/** Builds the site into `outDir`. Expects {@link setup} to have run, and the package to be built. */
export async function buildSite(outDir = join(root, "site")) {
  await rm(sources, { recursive: true, force: true });
  await mkdir(join(sources, ".vitepress"), { recursive: true });
  await writePages(sources);

  await buildLocalCloud();
  say("site       playground");
  await writePlayground(join(sources, "public/playground"));

  say("site       API reference");
  await writeReference(join(sources, "api"));

  say("site       pages");
  const given = JSON.stringify({ titles: await titlesOf(sources), outDir });
  const settings = `import { config } from "../../../scripts/lib/site/config.mjs";\n\nexport default config(${given});\n`;
  await writeFile(join(sources, ".vitepress/config.mjs"), settings);
  await run(join(root, "node_modules/.bin/vitepress"), ["build", sources]);

  const dead = await deadLinks(outDir);
  if (dead.length > 0) throw new Failure(`links of the site that lead nowhere:\n${dead.join("\n")}`);
}

if (isMain(import.meta.url)) {
  await command(async () => {
    await setup({ browser: false });
    await build();
    await buildSite();
    say("site       site/ is there: npx vitepress preview .cache/site shows it");
  });
}
