// What components share of an uploader, and what is wanted of it before it is there: the real SDK and Vue, in Node.
import assert from "node:assert/strict";
import { test } from "node:test";

import { useVodUploader } from "upload-token/vue";
import { effectScope } from "vue";

import { Cloud, fileOf, PART, Vod } from "./sdk/uploads.mjs";

/** A component, and what unmounts it: what ends with it ends when the turn is over. */
function mounted(source, options = {}, tokens = undefined) {
  const scope = effectScope();
  const common = tokens ? {} : { uploadAuth: new Cloud().uploadAuth };
  const used = scope.run(() => useVodUploader(source, tokens, { ...common, partSize: PART, ...options }));
  const states = () => used.files.value.map(({ name, state }) => `${name} ${state}`);
  const unmount = async () => {
    scope.stop();
    await null;
  };
  return { ...used, states, unmount };
}

test("what is no file is refused by name", async () => {
  const used = mounted(Vod);
  for (const files of [null, undefined, "a.mp4", 1, {}, [null], [fileOf("a"), "b"]]) {
    assert.throws(
      () => used.add(files),
      ({ code, message }) => code === "invalid_option" && message.startsWith("files must be"),
      String(files),
    );
  }
  assert.deepEqual(used.states(), []);
  await used.unmount();
});
