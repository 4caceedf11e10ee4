// Runs every scenario of an upload with the vendor's documented integration and with this package, and writes what
// became of each to docs/vod-scenarios.md.
//
//   npm run scenarios
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { build } from "./build.mjs";
import { command, root, say } from "./lib/run.mjs";
import { setup } from "./setup.mjs";

const AT_A_TIME = 4;
const PAGE = "docs/vod-scenarios.md";

await command(async () => {
  await setup();
  await build();
  const { openSite } = await import("../tests/e2e/support/site.mjs");
  const { run } = await import("../tests/e2e/vod/scenario.mjs");
  const { GROUPS } = await import("../tests/e2e/vod/scenarios/groups.mjs");

  const waiting = Object.values(GROUPS).flat();
  const rows = new Map();
  const work = async () => {
    const site = await openSite();
    try {
      for (let scenario = waiting.shift(); scenario; scenario = waiting.shift()) {
        say(scenario.name);
        const documented = await run(site, scenario, "documented");
        rows.set(scenario, [scenario.name, documented, await run(site, scenario, "ours")]);
      }
    } finally {
      // After a failure the others end soon, too, and no server or browser keeps this process from ending.
      waiting.length = 0;
      await site.close();
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));

  const page = join(root, PAGE);
  const [introduction] = (await readFile(page, "utf8")).split("\n## ");
  const sections = Object.entries(GROUPS).map(([heading, scenarios]) =>
    section(
      heading,
      scenarios.map((scenario) => rows.get(scenario)),
    ),
  );
  const text = [introduction.trimEnd(), ...sections].join("\n\n");
  const { format, resolveConfig } = await import("prettier");
  await writeFile(page, await format(text, { ...(await resolveConfig(page)), parser: "markdown" }));
  say(PAGE);
});

function section(heading, rows) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  const head = [line(["scenario", "documented integration", "upload-token"]), line(["-", "-", "-"])];
  return [`## ${heading[0].toUpperCase()}${heading.slice(1)}`, "", ...head, ...rows.map(line)].join("\n");
}
