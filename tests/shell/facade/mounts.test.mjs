// What components share by a name, without a browser: Vue's scopes, and a page that is only said to be there.
import assert from "node:assert/strict";
import { test } from "node:test";
import { effectScope } from "vue";

import { reply } from "./support.mjs";

globalThis.window = globalThis;
const { useTokenManager } = await import("upload-token/vue");

/** A component that uses `options`; ended with the test. */
function component(t, options) {
  const scope = effectScope();
  t.after(() => scope.stop());
  return scope.run(() => useTokenManager(options));
}

test("each component that shares a manager shows the status of its own scope", async (t) => {
  const source = ({ scope }) => ({ ...reply(1), AccessKeyId: `STS.${scope}` });
  const [a, b] = ["a", "b"].map((scope) => component(t, { source, keepAlive: "uploads", scope }));
  t.after(() => a.close());
  assert.equal(a.tokens, b.tokens);
  await Promise.all(["a", "b"].map((scope) => a.tokens.getToken({ scope })));
  assert.deepEqual([a.status.value.accessKeyId, b.status.value.accessKeyId], ["STS.a", "STS.b"]);
});
