// Every scenario twice: with the vendor's documented integration, whose outcome is only recorded, and with ours.
import { after, before, describe, test } from "node:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { root } from "../../../scripts/lib/run.mjs";
import { answers } from "./scenarios/answers.mjs";
import { devices } from "./scenarios/devices.mjs";
import { outages } from "./scenarios/outages.mjs";
import { people } from "./scenarios/people.mjs";
import { run } from "./scenario.mjs";
import { openSite } from "../support/site.mjs";

const GROUPS = {
  "what servers answer": answers,
  "outages of the AppServer and of VOD": outages,
  "what users and pages do": people,
  "what devices do": devices,
};

/** Scenarios mostly wait, so that two at a time hardly disturb each other; each group has a cloud and a browser of its own. */
const AT_A_TIME = 2;

const rows = [];
describe("scenarios", { concurrency: AT_A_TIME }, () => {
  for (const [group, scenarios] of Object.entries(GROUPS)) {
    describe(group, { concurrency: 1 }, () => {
      let site;
      before(async () => (site = await openSite()));
      after(() => site?.close());
      for (const scenario of scenarios) {
        test(scenario.name, async (t) => {
          const theirs = await run(site, scenario, "documented");
          const ours = await run(site, scenario, "ours");
          rows.push([group, scenario.name, theirs, ours]);
          t.diagnostic(`documented: ${theirs}`);
          t.diagnostic(`ours:       ${ours}`);
        });
      }
    });
  }
});

/** The table of outcomes, as in docs/vod-scenarios.md. */
after(async () => {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  const sections = Object.keys(GROUPS).map((group) => {
    const cells = rows.filter((row) => row[0] === group).map(([, ...cells]) => line(cells));
    const head = [line(["scenario", "documented integration", "upload-token"]), line(["-", "-", "-"])];
    return [`## ${group[0].toUpperCase()}${group.slice(1)}`, "", ...head, ...cells, ""].join("\n");
  });
  await writeFile(join(root, ".cache/e2e/scenarios.md"), sections.join("\n"));
});
