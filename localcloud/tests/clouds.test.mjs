// `npm test -- localcloud` runs this folder.
//
// The vendor's own clients, on the local cloud as a process and as the module of a page's worker.
import { describe } from "node:test";

import { startCloud } from "./cloud.mjs";
import { oss } from "./oss.mjs";
import { sts } from "./sts.mjs";
import { startWorkersCloud } from "./worker.mjs";

describe("the local cloud as a process", () => {
  sts(startCloud);
  oss(startCloud);
});

describe("the local cloud of a worker", () => {
  sts(startWorkersCloud);
  oss(startWorkersCloud);
});
