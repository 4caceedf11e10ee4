// Seeds of random faults over the real upload SDK, in Chromium.
//
//   npm run random                            500 seeds
//   npm run random -- --seeds 20 --from 301   some of them, such as one that failed
//   npm run random -- --mode direct           as many seeds of one mode
//   UPLOAD_VOD_SDK=/path/to/it npm run random with another build of the SDK
import { parseArgs } from "node:util";

import { build } from "./build.mjs";
import { command, Failure, say } from "./lib/run.mjs";
import { setup } from "./setup.mjs";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "500" },
    from: { type: "string", default: "1" },
    mode: { type: "string" },
    "at-a-time": { type: "string", default: "5" },
  },
});

await command(async () => {
  await setup();
  await build();
  const { openSite } = await import("../tests/e2e/support/site.mjs");
  const { plan } = await import("../tests/e2e/vod/random/plan.mjs");
  const { run } = await import("../tests/e2e/vod/random/run.mjs");
  const [seeds, from, atATime] = [values.seeds, values.from, values["at-a-time"]].map(Number);
  const waiting = [];
  for (let seed = from; waiting.length < seeds; seed++) {
    if (!values.mode || plan(seed).mode === values.mode) waiting.push(seed);
  }
  const failed = [];
  const work = async () => {
    const site = await openSite();
    try {
      for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
        try {
          await run(site, plan(seed));
        } catch (error) {
          failed.push(seed);
          say(`failed: ${error.message}`);
        }
        const done = seeds - waiting.length;
        if (done % 50 === 0) say(`${done} begun, ${failed.length} failed`);
      }
    } finally {
      // Its servers and its browser would keep this process from ending.
      await site.close();
    }
  };
  await Promise.all(Array.from({ length: Math.min(atATime, seeds) }, work));
  say(`${seeds} seeds from ${from}: ${seeds - failed.length} kept the promise`);
  if (failed.length > 0) throw new Failure(`seeds that failed: ${failed.sort((a, b) => a - b).join(", ")}`);
});
