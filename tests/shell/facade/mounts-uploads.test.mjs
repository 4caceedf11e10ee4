// What components share of an uploader, and what is wanted of it before it is there: the real SDK and Vue, in Node.
import assert from "node:assert/strict";
import { test } from "node:test";

import { createTokenManager } from "upload-token";
import { useVodUploader } from "upload-token/vue";
import { effectScope, reactive, ref, shallowRef } from "vue";

import { until } from "./support.mjs";
import { Cloud, fileOf, PART, sleep, Vod } from "./sdk/uploads.mjs";

/** What resolves when it is told to. */
function later() {
  let settle;
  const promise = new Promise((resolve) => (settle = resolve));
  return Object.assign(promise, { settle });
}

/** A component; `unmount()` waits until all of its end is over. */
function mounted(source, { tokens, ...options } = {}) {
  const scope = effectScope();
  const uploadAuth = tokens === undefined ? { uploadAuth: new Cloud().uploadAuth } : {};
  const used = scope.run(() => useVodUploader(source, tokens, { ...uploadAuth, partSize: PART, ...options }));
  const states = () => used.files.value.map(({ name, state }) => `${name} ${state}`);
  const unmount = async () => {
    scope.stop();
    await null;
  };
  return {
    ...used,
    states,
    unmount,
    is: (...wanted) => until(() => String(states()) === String(wanted), wanted.join(", ")),
    async send(...names) {
      used.add(names.map((name) => fileOf(name)));
      used.start();
      const isStored = (name) => states().includes(`${name} Success`);
      await until(() => names.every(isStored), `${names} are stored`);
    },
  };
}

let names = 0;
/** A name that no other test uses; what is kept by it is disposed of with the test. */
function nameIn(t) {
  const keepAlive = `uploads ${++names}`;
  t.after(async () => {
    const last = mounted(Vod, { keepAlive });
    last.dispose();
    await last.unmount();
  });
  return keepAlive;
}

/** Whose functions were called. */
function hearing() {
  const heard = [];
  return {
    /** Since it was asked for last. */
    heard: () => heard.splice(0).sort(),
    of: (name) => {
      const { uploadAuth } = new Cloud();
      return {
        onUploadSucceed: () => heard.push(`${name} heard`),
        uploadAuth: (request) => {
          heard.push(`${name} asked`);
          return uploadAuth(request);
        },
      };
    },
  };
}

for (const place of ["options", "tokens"]) {
  test(`all mounted components hear, and the last of them is asked for UploadAuths that ${place} hold`, async (t) => {
    const keepAlive = nameIn(t);
    const { heard, of } = hearing();
    const component = (name) => {
      const { uploadAuth, ...callbacks } = of(name);
      const own = place === "options" ? { uploadAuth } : { tokens: { uploadAuth } };
      return mounted(Vod, { keepAlive, ...callbacks, ...own });
    };
    const a = component("a");
    await a.send("1");
    assert.deepEqual(heard(), ["a asked", "a heard"]);
    const b = component("b");
    assert.equal(a.uploader.value, b.uploader.value);
    await b.send("2");
    assert.deepEqual(heard(), ["a heard", "b asked", "b heard"]);
    await b.unmount();
    await a.send("3");
    assert.deepEqual(heard(), ["a asked", "a heard"]);
    await a.unmount();
    const c = component("c");
    await c.send("4");
    assert.deepEqual(heard(), ["c asked", "c heard"]);
    assert.deepEqual(c.states(), ["1 Success", "2 Success", "3 Success", "4 Success"]);
    await c.unmount();
  });
}

test("a component whose hook threw is not mounted: none of its functions is called", async (t) => {
  const keepAlive = nameIn(t);
  const heard = [];
  const of = (name) => ({ keepAlive, onUploadSucceed: () => heard.push(name) });
  assert.throws(() => mounted(Vod, { ...of("a"), region: "oss-cn-shanghai" }), { code: "invalid_option" });
  const b = mounted(Vod, of("b"));
  await b.send("1");
  assert.deepEqual(heard, ["b"]);
  const { dispose } = b;
  await b.unmount();
  assert.equal(b.uploader.value, mounted(Vod, of("c")).uploader.value);
  dispose();
});

test("a callback that throws silences no other component's, and each one's promise is waited for", async (t) => {
  const keepAlive = nameIn(t);
  const reported = [];
  globalThis.reportError = (error) => reported.push(error);
  t.after(() => delete globalThis.reportError);
  const ready = later();
  const heard = [];
  const a = mounted(Vod, { keepAlive, onUploadstarted: () => ready });
  const b = mounted(Vod, {
    keepAlive,
    onUploadstarted() {
      throw new Error("b has a mistake");
    },
  });
  const c = mounted(Vod, { keepAlive, onUploadstarted: async (info) => void heard.push(info.file.name) });
  c.add(fileOf("a"));
  c.start();
  await until(() => heard.length > 0);
  await sleep(30);
  assert.deepEqual(c.states(), ["a Ready"]);
  ready.settle();
  await c.is("a Success");
  assert.deepEqual([heard, reported.map(({ message }) => message)], [["a"], ["b has a mistake"]]);
  for (const { unmount } of [a, b, c]) await unmount();
});

test("a manager that a framework has wrapped is the same manager, and another one is another", async (t) => {
  const keepAlive = nameIn(t);
  const managers = [1, 2].map(() => createTokenManager({ source: "https://app.test/api/sts" }));
  t.after(() => managers.forEach((tokens) => tokens.close()));
  const { uploadAuth } = new Cloud();
  const [tokens, others] = managers;
  const wrapped = [reactive(tokens), new Proxy(tokens, {}), ref(tokens), ref(tokens).value];
  const first = mounted(Vod, { keepAlive, tokens, uploadAuth });
  await first.send("a");
  for (const tokens of wrapped) {
    const other = mounted(Vod, { keepAlive, tokens, uploadAuth });
    assert.deepEqual(other.states(), ["a Success"]);
    await other.unmount();
    assert.deepEqual(first.states(), ["a Success"]);
  }
  const other = mounted(Vod, { keepAlive, tokens: others, uploadAuth });
  assert.deepEqual(other.states(), []);
  for (const { unmount } of [first, other]) await unmount();
});

for (const end of ["dispose", Symbol.dispose]) {
  test(`after the uploader's own ${String(end)}() the next file has another one`, async (t) => {
    const keepAlive = nameIn(t);
    const a = mounted(Vod, { keepAlive });
    await a.send("a");
    const former = a.uploader.value;
    former[end]();
    assert.deepEqual([a.states(), a.uploader.value], [[], undefined]);
    await a.send("b");
    assert.notEqual(a.uploader.value, former);
    await a.unmount();
    a.uploader.value?.[end]();
    const b = mounted(Vod, { keepAlive });
    await b.send("c");
    await b.unmount();
  });
}

test("after dispose() components of a name have one uploader as before", async (t) => {
  const keepAlive = nameIn(t);
  const a = mounted(Vod, { keepAlive });
  a.dispose();
  const b = mounted(Vod, { keepAlive });
  await b.send("a");
  assert.deepEqual(a.states(), ["a Success"]);
  for (const { unmount } of [a, b]) await unmount();
});

test("what was kept is sent also if the component goes before the SDK is there, and nothing else is", async (t) => {
  for (const keepAlive of [nameIn(t), undefined]) {
    const loaded = later();
    const source = { load: () => loaded };
    const heard = [];
    const onUploadSucceed = ({ file }) => heard.push(file.name);
    const a = mounted(source, { keepAlive, onUploadSucceed });
    a.add(fileOf("a"));
    a.start();
    await a.unmount();
    loaded.settle(Vod);
    if (keepAlive) await until(() => heard.length > 0);
    const b = mounted(source, { keepAlive, onUploadSucceed });
    await until(() => b.uploader.value);
    await sleep(30);
    assert.deepEqual([b.states(), heard], keepAlive ? [["a Success"], ["a"]] : [[], []]);
    await b.unmount();
  }
});

test("what was disposed of before the SDK was there is not begun by it", async (t) => {
  const keepAlive = nameIn(t);
  const loaded = later();
  const a = mounted({ load: () => loaded }, { keepAlive });
  a.add(fileOf("a"));
  a.dispose();
  await a.unmount();
  loaded.settle(Vod);
  await sleep(10);
  const b = mounted(Vod, { keepAlive });
  await b.send("b");
  assert.deepEqual(b.states(), ["b Success"]);
  await b.unmount();
});

test("files that components of a name add before the SDK is there are each sent once", async (t) => {
  const keepAlive = nameIn(t);
  const loads = [];
  const component = (options) =>
    mounted(
      {
        load() {
          loads.push(later());
          return loads.at(-1);
        },
      },
      { keepAlive, ...options },
    );
  const a = component();
  a.add(fileOf("a"));
  const b = component();
  b.add([fileOf("b"), fileOf("c")]);
  await a.unmount();
  const c = mounted(null, { keepAlive });
  c.add(fileOf("d"));
  c.start();
  assert.equal(loads.length, 1);
  loads[0].settle(Vod);
  await c.is("a Success", "b Success", "c Success", "d Success");
  for (const { unmount } of [b, c]) await unmount();
});

test("one that the SDK is not given keeps none of the others that were added before it was there", async (t) => {
  const reported = [];
  globalThis.reportError = ({ message }) => reported.push(message);
  t.after(() => delete globalThis.reportError);
  const loaded = later();
  const used = mounted({ load: () => loaded });
  used.add(fileOf("a"), "no JSON");
  used.add(fileOf("b"));
  used.start();
  loaded.settle(Vod);
  await used.is("b Success");
  assert.equal(used.loadError.value, undefined);
  assert.equal(reported.length, 1);
  assert.match(reported[0], /^paramData must be/);
  await used.unmount();
});

test("a load that failed is tried again as the component that is there loads", async (t) => {
  const keepAlive = nameIn(t);
  const a = mounted({ load: () => Promise.reject(new Error("blocked")) }, { keepAlive });
  a.add(fileOf("a"));
  await until(() => a.loadError.value);
  await a.unmount();
  const b = mounted({ load: () => Vod }, { keepAlive });
  await b.send("b");
  assert.deepEqual([b.states(), b.loadError.value], [["a Success", "b Success"], undefined]);
  await b.unmount();
});

test("credentials that come later, in a ref: what was added waits for them, and goes on where they are gone", async () => {
  const { uploadAuth } = new Cloud();
  const tokens = shallowRef(null);
  const used = mounted({ load: () => Vod }, { tokens });
  used.add(fileOf("a"));
  used.start();
  await sleep(10);
  assert.equal(used.uploader.value, undefined);
  tokens.value = { uploadAuth };
  await used.is("a Success");
  tokens.value = null;
  await used.send("b");
  await used.unmount();
});

test("what is no file and no id is refused by name", async () => {
  const used = mounted(Vod);
  for (const files of [null, undefined, "a.mp4", 1, {}, [null], [fileOf("a"), "b"]]) {
    assert.throws(() => used.add(files), { code: "invalid_option", message: /^files must be/ }, String(files));
  }
  for (const act of ["cancel", "remove", "retry"]) {
    for (const id of [undefined, null, "1", { id: 1 }, new Event("click")]) {
      assert.throws(() => used[act](id), { code: "invalid_option", message: /^id must be/ }, `${act} ${id}`);
    }
    used[act](7);
  }
  assert.deepEqual(used.states(), []);
  await used.unmount();
});

test("what the composable cannot use is refused by its name, with what is meant", () => {
  const uploadAuth = () => ({});
  const load = () => Vod;
  const cases = [
    [[load, { uploadAuth }], /^Vod must be .* \{ load: /],
    [[async () => Vod, { uploadAuth }], /^Vod must be/],
    [[Promise.resolve(Vod), { uploadAuth }], /^Vod must be/],
    [["AliyunUpload.Vod", { uploadAuth }], /^Vod must be/],
    [[{ Vod }, { uploadAuth }], /^Vod must be .* the member Vod/],
    [[ref({ Vod }), { uploadAuth }], /^Vod must be .* the member Vod/],
    [[Vod, null], /^tokens must be .* ref/],
    [[Vod, undefined, {}], /^tokens must be .* ref/],
    [[Vod, Promise.resolve()], /^tokens must be/],
    [[Vod, "/api/sts"], /^tokens must be/],
    [[Vod, { userId: "1" }], /^tokens must be/],
    [[Vod, { uploadAuth }, () => ({})], /^options must be an object/],
    [[Vod, { uploadAuth }, null], /^options must be an object/],
    [[Vod, { uploadAuth }, ref({})], /^options must be an object/],
    [[Vod, { uploadAuth }, { keepAlive: true }], /^keepAlive must be a text/],
    [[Vod, { uploadAuth }, { onUploadSucceed: "saved" }], /^onUploadSucceed must be a function/],
  ];
  for (const [args, message] of cases) {
    const scope = effectScope();
    const use = () => scope.run(() => useVodUploader(...args));
    assert.throws(use, { code: "invalid_option", message }, String(message));
    scope.stop();
  }
});
