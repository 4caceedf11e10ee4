// Seeds of random faults. `npm run random` runs as many as are wanted, and any one of them again.
import { after, describe } from "node:test";

import { Sites } from "../support/sites.mjs";
import { plan } from "./random/plan.mjs";
import { run } from "./random/run.mjs";

const SEEDS = 20;
const AT_A_TIME = 5;

describe("random faults", { concurrency: AT_A_TIME }, () => {
  const sites = new Sites();
  after(() => sites.close());
  for (let seed = 1; seed <= SEEDS; seed++) {
    const planned = plan(seed);
    sites.test(planned.about, (site) => run(site, planned));
  }
});
