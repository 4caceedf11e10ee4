// Every scenario, by the heading under which `docs/vod-scenarios.md` tells it.
import { answers } from "./answers.mjs";
import { devices } from "./devices.mjs";
import { outages } from "./outages.mjs";
import { people } from "./people.mjs";

/** @type {Record<string, import("../scenario.mjs").Scenario[]>} */
export const GROUPS = {
  "what servers answer": answers,
  "outages of the AppServer and of VOD": outages,
  "what users and pages do": people,
  "what devices do": devices,
};
