// A file has one deadline, whatever it waits for, with the real SDK.
import assert from "node:assert/strict";
import { test } from "node:test";

import { wasm } from "upload-token";

import { never } from "./support.mjs";
import { sleep, uploads } from "./sdk/uploads.mjs";

const DEADLINE = 1000;
const MOST_OF_IT = 700;

/** Milliseconds from the SDK's question to the end of a file that has no credential, and what the page is told. */
async function failure({ on, ...options }) {
  let began, ended;
  const onUploadstarted = (info, run) => {
    began = performance.now();
    return on?.onUploadstarted(info, run);
  };
  const onUploadFailed = () => (ended = performance.now());
  const run = uploads({ deadline: DEADLINE, uploadAuth: never, ...options, on: { onUploadstarted, onUploadFailed } });
  await run
    .add("a")
    .start()
    .until(() => ended !== undefined);
  assert.deepEqual(run.told, ["started a", "Failed a timeout"]);
  return ended - began;
}

function assertOnTime(took) {
  assert.ok(took > DEADLINE - 50 && took < DEADLINE + MOST_OF_IT / 2, `${Math.round(took)} ms`);
}

// The first file of the process: afterwards the module is there.
test("the load of the module is part of it", async () => {
  const late = async () => sleep(MOST_OF_IT).then(wasm);
  assertOnTime(await failure({ wasm: late }));
});

test("what the page's onUploadstarted promises is part of it", async () => {
  assertOnTime(await failure({ on: { onUploadstarted: () => sleep(MOST_OF_IT) } }));
});

test("a start after that has all of it again", async () => {
  const run = uploads({ deadline: DEADLINE, on: { onUploadstarted: () => sleep(MOST_OF_IT) } });
  run.cloud.authMs = () => MOST_OF_IT;
  await run.add("a").start().hears("Failed a timeout");
  run.cloud.authMs = () => 1;
  await run.start().ends("a");
});
