// An import on a server does nothing, and a manager keeps no process alive.
import assert from "node:assert/strict";
import { test } from "node:test";

import { node, nodeJson } from "./support.mjs";

/** Wraps every global that an import could reach for, imports the package, and prints what was touched. */
const WATCHED_IMPORT = (entry) => `
  const touched = [];
  const watch = (object, name, label) => {
    const real = object[name];
    if (typeof real !== "function") return;
    object[name] = new Proxy(real, {
      apply(target, self, args) { touched.push(label); return Reflect.apply(target, self, args); },
      construct(target, args) { touched.push("new " + label); return Reflect.construct(target, args); },
    });
  };
  for (const name of ["fetch", "setTimeout", "setInterval", "queueMicrotask", "atob", "AbortController", "BroadcastChannel"]) {
    watch(globalThis, name, name);
  }
  for (const name of ["compile", "instantiate", "compileStreaming", "instantiateStreaming", "Module", "Instance", "Memory"]) {
    watch(WebAssembly, name, "WebAssembly." + name);
  }
  watch(Date, "now", "Date.now");
  watch(Math, "random", "Math.random");
  const before = new Set(Reflect.ownKeys(globalThis));
  const errors = console.error;
  console.log = console.warn = console.error = () => touched.push("console");
  const exports = await import(${JSON.stringify(entry)});
  const made = exports.createTokenManager?.({ source: "https://app.example/sts" });
  made?.status();
  made?.peek();
  made?.close();
  const added = Reflect.ownKeys(globalThis).filter((key) => !before.has(key)).map(String);
  process.stdout.write(JSON.stringify({ touched, added, exports: Object.keys(exports) }));
`;

for (const entry of ["upload-token", "upload-token/wasm", "upload-token/vod", "upload-token/ali-oss"]) {
  test(`the import of ${entry}, and a manager that is not used, touch nothing`, async () => {
    const { touched, added, exports } = await nodeJson(WATCHED_IMPORT(entry));
    assert.deepEqual(touched, []);
    assert.deepEqual(added, []);
    assert(exports.length > 0);
  });
}

const IDLE = {
  "with a token in hand": "await tokens.getToken();",
  "with a caller that waits": "source = never; void tokens.getToken();",
  "with a prefetch on its way": "source = never; tokens.prefetch();",
  "in a back-off":
    "source = () => { throw new Error('offline'); }; void tokens.getToken().catch(() => {}); await new Promise(setImmediate);",
};

for (const [what, use] of Object.entries(IDLE)) {
  test(`a process ends by itself ${what}`, async () => {
    const { code, stdout, stderr } = await node(`
      import { createTokenManager } from "upload-token";
      const never = () => new Promise(() => {});
      let source = () => ({ AccessKeyId: "STS.a", AccessKeySecret: "b", SecurityToken: "c", expiresIn: 3600 });
      globalThis.tokens = createTokenManager({ source: (request) => source(request) });
      ${use}
      process.on("exit", () => process.stdout.write(tokens.status().fetch));
    `);
    assert.equal(code, 0, stderr);
    assert.equal(stderr, "");
    assert.notEqual(stdout, "");
  });
}

test("what a listener throws is an uncaught exception where there is no reportError", async () => {
  const { code, stdout } = await node(`
    import { createTokenManager } from "upload-token";
    process.on("uncaughtException", (error, origin) => process.stdout.write(origin + ": " + error.message));
    const tokens = createTokenManager({ source: () => ({ AccessKeyId: "STS.a", AccessKeySecret: "b", SecurityToken: "c" }) });
    tokens.on("token", () => { throw new Error("listener"); });
    await tokens.getToken();
  `);
  assert.equal(code, 0);
  assert.equal(stdout, "uncaughtException: listener");
});
