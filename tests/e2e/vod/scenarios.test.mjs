// Every scenario with ours; with the vendor's documented integration, those that show that a scenario is one.
import assert from "node:assert/strict";
import { after, describe } from "node:test";

import { Sites } from "../support/sites.mjs";
import { run } from "./scenario.mjs";
import { GROUPS } from "./scenarios/groups.mjs";

/** Scenarios mostly wait, so that several at a time hardly disturb each other. */
const AT_A_TIME = 5;

describe("scenarios", { concurrency: AT_A_TIME }, () => {
  const sites = new Sites();
  after(() => sites.close());
  for (const scenario of Object.values(GROUPS).flat()) {
    const ours = async (site, t) => t.diagnostic(await run(site, scenario, "ours"));
    sites.test(scenario.name, ours);
    if (!scenario.documented) continue;

    const control = async (site) => assert.equal(await run(site, scenario, "documented"), scenario.documented);
    sites.test(`${scenario.name}: the documented integration`, control);
  }
});
