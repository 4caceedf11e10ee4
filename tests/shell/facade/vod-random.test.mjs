// A page that presses buttons at random: no file is stalled, lost, stored twice or failed for no reason.
import { test } from "node:test";

import { press } from "./sdk/presses.mjs";

const SEEDS = 300;

test(`${SEEDS} seeds of buttons and faults over the real SDK`, async () => {
  // They mostly wait.
  const seeds = Array.from({ length: SEEDS }, (_, index) => press(index + 1));
  const failed = (await Promise.allSettled(seeds)).filter(({ status }) => status === "rejected");
  if (failed.length > 0) throw new AggregateError(failed, `${failed.length} seeds failed; ${failed[0].reason.message}`);
});
