// A file has one deadline, whatever it waits for, with the real SDK.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { wasm } from "upload-token";

import { never } from "./support.mjs";
import { sleep, uploads } from "./sdk/uploads.mjs";

const DEADLINE = 2000;
const MOST_OF_IT = 1800;

/** A file that has no credential ends when its deadline is over, and not when a second one is, after most of the first. */
async function endsOnTime({ on, ...options }) {
  let began, ended, late;
  const onUploadstarted = (info, run) => {
    began = performance.now();
    // Timers run in their order, however late.
    setTimeout(() => (late = ended === undefined), MOST_OF_IT + DEADLINE - 200);
    return on?.onUploadstarted(info, run);
  };
  const onUploadFailed = () => (ended = performance.now());
  const run = uploads({ deadline: DEADLINE, uploadAuth: never, ...options, on: { onUploadstarted, onUploadFailed } });
  await run
    .add("a")
    .start()
    .until(() => ended !== undefined);
  assert.deepEqual(run.told, ["started a", "Failed a timeout"]);
  const took = ended - began;
  assert.ok(took > DEADLINE - 50 && !late, `${Math.round(took)} ms`);
}

// The first file of the process: afterwards the module is there.
test("the load of the module is part of it", async () => {
  const late = async () => sleep(MOST_OF_IT).then(wasm);
  await endsOnTime({ wasm: late });
});

describe("a file's deadline", { concurrency: true }, () => {
  test("what the page's onUploadstarted promises is part of it", async () => {
    await endsOnTime({ on: { onUploadstarted: () => sleep(MOST_OF_IT) } });
  });

  test("a start after that has all of it again", async () => {
    const run = uploads({ deadline: 3000, on: { onUploadstarted: () => sleep(1600) } });
    run.cloud.authMs = () => 3000;
    await run.add("a").start().hears("Failed a timeout");
    run.cloud.authMs = () => 1;
    await run.start().ends("a");
  });
});
