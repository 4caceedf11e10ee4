// An import on a server does nothing, and a manager keeps no process alive, unless somebody waits.
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
  "with a caller that gave up":
    "source = never; const end = new AbortController(); setTimeout(() => end.abort(), 50); await tokens.getToken({ signal: end.signal }).catch(() => {});",
  "with a prefetch on its way": "source = never; tokens.prefetch();",
  "in a back-off":
    "source = () => { throw new Error('offline'); }; tokens.prefetch(); await new Promise((resolve) => tokens.on('refreshFailed', resolve));",
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

const WAITING = {
  "that is answered late": ["() => new Promise((resolve) => setTimeout(resolve, 300, token).unref())", "STS.a"],
  "in a back-off": ["(calls) => { if (calls === 1) throw new Error('offline'); return token; }", "STS.a"],
  "that nobody answers": ["() => new Promise(() => {})", "timeout"],
};

for (const [what, [source, outcome]] of Object.entries(WAITING)) {
  test(`a process lives for a caller ${what}`, async () => {
    const { code, stdout, stderr } = await node(`
      import { createTokenManager } from "upload-token";
      const token = { AccessKeyId: "STS.a", AccessKeySecret: "b", SecurityToken: "c", expiresIn: 3600 };
      let calls = 0;
      const answer = ${source};
      const policy = { backoffBase: 300, pullIn: 300, waitDeadline: 3000 };
      const tokens = createTokenManager({ source: () => answer(++calls), policy });
      const { accessKeyId, code } = await tokens.getToken().catch((error) => error);
      process.stdout.write(accessKeyId ?? code);
    `);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, outcome);
  });
}

test("timers that are replaced are disarmed by those that armed them, and a platform may have none", async () => {
  const told = await nodeJson(`
    import { createTokenManager } from "upload-token";
    const token = { AccessKeyId: "STS.a", AccessKeySecret: "b", SecurityToken: "c", expiresIn: 3600 };
    const told = [];
    const fake = (name) => {
      globalThis.setTimeout = () => ({ name, unref() { told.push(name + " unref"); } });
      globalThis.clearTimeout = (timer) => told.push(name + " clears " + timer.name);
    };
    fake("a");
    const tokens = createTokenManager({ source: () => token });
    await tokens.getToken();
    fake("b");
    await tokens.getToken();
    tokens.close();
    globalThis.setTimeout = () => { throw new RangeError("no timers today"); };
    const other = createTokenManager({ source: () => token });
    told.push((await other.getToken()).accessKeyId);
    delete globalThis.setTimeout;
    const last = createTokenManager({ source: () => token });
    told.push((await last.getToken()).accessKeyId);
    process.stdout.write(JSON.stringify([...new Set(told)]));
  `);
  assert.deepEqual(told, ["a unref", "a clears a", "b unref", "b clears b", "STS.a"]);
});

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
