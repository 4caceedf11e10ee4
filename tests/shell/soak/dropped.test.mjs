// `npm test -- soak` runs this folder.
//
// A manager that a page forgets, without close(), is collected, and with it all that the module held for it.
import assert from "node:assert/strict";
import { setMaxListeners } from "node:events";
import { test } from "node:test";

import { collect, countTimers, meter } from "./meter.mjs";

const { createTokenManager, wasm } = await import("upload-token");
const { sharedSource } = await import("upload-token/tabs");
const { createVodUploader } = await import("upload-token/vod");
countTimers();

const MANAGERS = 20;

const reply = { AccessKeyId: "STS.a", AccessKeySecret: "b", SecurityToken: "c", expiresIn: 3600 };

/** What a page does with a manager before it forgets it. */
const USES = {
  "with a token in hand": async () => {
    const tokens = createTokenManager({ source: () => reply });
    await tokens.getToken();
    return tokens;
  },
  "with listeners that hold it": async () => {
    const tokens = createTokenManager({ source: () => reply });
    for (const event of ["token", "refreshFailed", "expired", "rejected", "state", "warning"]) {
      tokens.on(event, () => tokens.status());
    }
    await tokens.getToken();
    return tokens;
  },
  "with a source and a mapReply that hold it": async () => {
    const tokens = createTokenManager({
      source: () => (tokens.peek(), reply),
      mapReply: (value) => (tokens.status(), value),
    });
    await tokens.getToken();
    return tokens;
  },
  "with a source that never settles": async () => {
    const asked = new Promise((resolve) => {
      const tokens = createTokenManager({ source: () => (resolve(tokens), new Promise(() => {})) });
      tokens.prefetch();
    });
    return asked;
  },
  "with a caller that was given up on": async () => {
    // The caller keeps the manager alive until it is settled, by its own deadline.
    const policy = { deadline: 50, waitDeadline: 50, backoffBase: 10 };
    const tokens = createTokenManager({ source: () => new Promise(() => {}), policy });
    const alive = setTimeout(() => {}, 60_000);
    await assert.rejects(tokens.getToken(), { code: "timeout" });
    clearTimeout(alive);
    return tokens;
  },
  "in a back-off": async () => {
    const tokens = createTokenManager({ source: () => Promise.reject(new Error("offline")) });
    await new Promise((resolve) => {
      tokens.on("refreshFailed", resolve);
      tokens.prefetch();
    });
    return tokens;
  },
  "with a signal that outlives it": async () => {
    const tokens = createTokenManager({ source: () => reply });
    await tokens.getToken({ signal: outliving.signal });
    return tokens;
  },
  "with a sharedSource": async () => {
    const tokens = createTokenManager({ source: inPage(() => sharedSource(() => reply, { name: "user" })) });
    await tokens.getToken();
    return tokens;
  },
  "never used": async () => createTokenManager({ source: () => reply }),
};

/** What `make` returns where there is what a page has, and Node has not: there a shared source is more than its source. */
function inPage(make) {
  const locks = { request: async (_name, _options, granted) => granted({}) };
  const page = { location: new URL("https://app.test/"), origin: "https://app.test", navigator: { locks } };
  const before = Object.getOwnPropertyDescriptors(globalThis);
  for (const [name, value] of Object.entries(page)) {
    Object.defineProperty(globalThis, name, { value, configurable: true });
  }
  try {
    return make();
  } finally {
    for (const name of Object.keys(page)) {
      delete globalThis[name];
      if (before[name]) Object.defineProperty(globalThis, name, before[name]);
    }
  }
}

const outliving = new AbortController();
setMaxListeners(2 * MANAGERS, outliving.signal);

// The module and its globals are there once.
await createTokenManager({ source: () => reply }).getToken();
await collect();

for (const [what, use] of Object.entries(USES)) {
  test(`${MANAGERS} managers ${what} are collected without close()`, async () => {
    const before = await meter();
    const refs = await Promise.all(Array.from({ length: MANAGERS }, async () => new WeakRef(await use())));
    // Whoever was just dereferenced lives to the end of the turn.
    for (let turn = 0; turn < 50 && refs.some((ref) => ref.deref()); turn++) await collect();
    const after = await meter();
    const alive = refs.filter((ref) => ref.deref()).length;
    console.log(`${MANAGERS - alive} of ${MANAGERS} collected; closures ${after.closures}, timers ${after.timers}`);
    assert.equal(alive, 0, "managers alive");
    assert.equal(after.closures, before.closures, "closures and objects of Rust");
    assert.equal(after.timers, before.timers, "armed timers");
  });

  test(`${MANAGERS} managers ${what} are collected after close()`, async () => {
    const before = await meter();
    const closed = async () => {
      const tokens = await use();
      tokens.close();
      return new WeakRef(tokens);
    };
    const refs = await Promise.all(Array.from({ length: MANAGERS }, closed));
    const held = await meter();
    assert.equal(held.timers, before.timers, "armed timers, before anything is collected");
    for (let turn = 0; turn < 50 && refs.some((ref) => ref.deref()); turn++) await collect();
    assert.equal(refs.filter((ref) => ref.deref()).length, 0, "managers alive");
    assert.equal((await meter()).closures, before.closures, "closures and objects of Rust");
  });
}

test("a manager that is waited for is not collected, though nobody else knows it", async () => {
  let asked = 0;
  const waiting = (() => {
    // Refused once: for a while there is no request out, only a back-off.
    const source = async () => (asked++ === 0 ? Promise.reject(new Error("offline")) : reply);
    return createTokenManager({ source, policy: { backoffBase: 400, pullIn: 0 } }).getToken();
  })();
  let token;
  waiting.then((settled) => (token = settled));
  for (let turn = 0; turn < 500 && !token; turn++) await collect();
  assert.equal(token?.accessKeyId, "STS.a");
  assert.equal(asked, 2);
});

test("a file that failed and was taken out of its uploader's list is collected, though the uploader lives", async () => {
  class Vod {
    files = [];
    _state = "Start";
    _curIndex = 0;
    constructor(options) {
      this.options = options;
    }
    listFiles() {
      return this.files;
    }
    deleteFile(index) {
      return this.files.splice(index, 1).length > 0;
    }
    stopUpload() {}
    cancelFile() {}
    cleanList() {}
    setUploadAuthAndAddress() {}
    resumeUploadWithAuth() {}
  }
  let failed;
  const uploadAuth = () => Promise.reject(new Error("offline"));
  const onUploadFailed = () => failed();
  const uploader = createVodUploader(Vod, null, { uploadAuth, deadline: 50, wasm, onUploadFailed });
  const alive = setTimeout(() => {}, 60_000);
  const ref = await (async () => {
    const info = { state: "Ready", file: { name: "a.mp4", type: "video/mp4" }, isImage: false };
    uploader.files.push(info);
    uploader.options.onUploadstarted(info);
    await new Promise((resolve) => (failed = resolve));
    uploader.deleteFile(0);
    return new WeakRef(info);
  })();
  clearTimeout(alive);
  for (let turn = 0; turn < 50 && ref.deref(); turn++) await collect();
  assert.equal(ref.deref(), undefined);
  assert.deepEqual(uploader.listFiles(), []);
});
