// What useVodUploader keeps of what a page wants of it, with the real SDK and Vue, in Node.
import assert from "node:assert/strict";
import { test } from "node:test";

import { useVodUploader } from "upload-token/vue";
import { effectScope } from "vue";

import { until } from "./support.mjs";
import { Cloud, fileOf, PART, Vod } from "./sdk/uploads.mjs";

/** What a component has in its setup, and what unmounts it. */
function mounted(source, options = {}) {
  const scope = effectScope();
  const uploadAuth = new Cloud().uploadAuth;
  const used = scope.run(() => useVodUploader(source, undefined, { uploadAuth, partSize: PART, ...options }));
  const states = () => used.files.value.map(({ name, state }) => `${name} ${state}`);
  return { ...used, states, unmount: () => scope.stop() };
}

for (const keepAlive of [undefined, "uploads"]) {
  test(`after dispose() the next user's files are sent${keepAlive ? ", and kept" : ""}`, async () => {
    const used = mounted(Vod, { keepAlive });
    used.add(fileOf("former"));
    used.start();
    used.dispose();
    assert.deepEqual([used.states(), used.uploader.value], [[], undefined]);
    used.add(fileOf("next"));
    used.start();
    await until(() => used.states().join() === "next Success");
    used.unmount();
    const other = mounted(Vod, { keepAlive });
    assert.deepEqual(other.states(), keepAlive ? ["next Success"] : []);
    other.dispose();
    other.unmount();
  });
}

test("after dispose() where no component is mounted what is added is refused", () => {
  const used = mounted(Vod, { keepAlive: "refused" });
  used.unmount();
  used.dispose();
  assert.throws(() => used.add(fileOf("a")), { name: "UploadTokenError", code: "closed" });
});

test("a load that rejects without a reason is told of", async () => {
  let loads = 0;
  const used = mounted({ load: () => (loads++, Promise.reject()) });
  used.add(fileOf("a"));
  await until(() => used.loadError.value !== undefined);
  const { name, code, message } = used.loadError.value;
  assert.deepEqual([name, code, loads], ["UploadTokenError", "page_error", 1]);
  assert.match(message, /^the function load of Vod rejected without a reason — /);
  used.unmount();
});

test("a load that failed is tried again with the next file, and those before it are sent as well", async () => {
  const errors = [new Error("blocked")];
  const used = mounted({
    load() {
      const error = errors.pop();
      return error ? Promise.reject(error) : Vod;
    },
  });
  used.add(fileOf("a"));
  used.start();
  await until(() => used.loadError.value);
  assert.equal(used.loadError.value.message, "blocked");
  used.add(fileOf("b"));
  await until(() => used.states().join() === "a Success,b Success");
  assert.equal(used.loadError.value, undefined);
  used.unmount();
});
