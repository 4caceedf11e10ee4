// The load of the WebAssembly module is protected as a request for a token is: it ends, it is tried again, it can be
// closed.
import assert from "node:assert/strict";
import { test } from "node:test";

import { nodeJson } from "./support.mjs";

/** What every process here begins with: `serve(...answers)` is the address of a server that gives them in turn. */
const PRELUDE = `
  import { once } from "node:events";
  import { readFile } from "node:fs/promises";
  import { createServer } from "node:http";
  import { createTokenManager } from "upload-token/wasm";
  const bytes = await readFile(new URL("dist/upload_token_bg.wasm", "file://" + process.cwd() + "/"));
  const source = () => ({ AccessKeyId: "STS.a", AccessKeySecret: "b", SecurityToken: "c", expiresIn: 3600 });
  const never = () => new Promise(() => {});
  const outcome = (promise) => promise.then(({ accessKeyId }) => accessKeyId, ({ code, message }) => code + ": " + message);
  const policy = { backoffBase: 10, waitDeadline: 20_000 };
  const whole = (response) => response.writeHead(200, { "content-type": "application/wasm" }).end(bytes);
  const start = (response) => response.writeHead(200, { "content-type": "application/wasm" }).write(bytes.subarray(0, 99));
  const status = (code) => (response) => response.writeHead(code).end("busy");
  let asked = 0;
  const serve = async (...answers) => {
    const server = createServer((_, response) => answers[Math.min(asked++, answers.length - 1)](response));
    server.listen(0, "127.0.0.1").unref();
    await once(server, "listening");
    return "http://127.0.0.1:" + server.address().port + "/module.wasm?key=CANARY";
  };
  const end = (value) => process.stdout.write(JSON.stringify(value), () => process.exit());
`;

/** Trouble that passes → what is served, in turn, and how often it is asked for. */
const TROUBLE = {
  "a connection that is dropped": "(response) => response.destroy(), whole",
  "a server that is busy": "status(503), status(429), whole",
  "a download that breaks off": "(response) => (start(response), setTimeout(() => response.destroy(), 20)), whole",
  "a download of which no more comes": "start, whole",
  "an answer that does not begin": "() => {}, whole",
};

for (const [what, answers] of Object.entries(TROUBLE)) {
  test(`the module is loaded in spite of ${what}, which is told meanwhile`, async () => {
    const { got, asked, told } = await nodeJson(`${PRELUDE}
      const tokens = createTokenManager({ source, wasm: await serve(${answers}), policy, deadline: 800 });
      const told = [];
      tokens.on("refreshFailed", ({ error, failures, retryIn, usable }) => {
        told.push([error.code, error.message, failures, typeof retryIn, usable]);
      });
      const got = await outcome(tokens.getToken());
      end({ got, asked, told });`);
    assert.equal(got, "STS.a");
    assert(told.length > 0 && asked > 1);
    told.forEach(([code, message, ...rest], index) => {
      assert.equal(code, "wasm");
      assert.match(message, /GET http:\S+\/module\.wasm\W/);
      assert.doesNotMatch(message, /CANARY/);
      assert.deepEqual(rest, [index + 1, "number", false]);
    });
  });
}

test("a slow download is not begun anew", async () => {
  const { got, asked } = await nodeJson(`${PRELUDE}
    const slowly = async (response) => {
      response.writeHead(200, { "content-type": "application/wasm" });
      for (let at = 0; at < 8; at++) {
        response.write(bytes.subarray((bytes.length * at) / 8, (bytes.length * (at + 1)) / 8));
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
      response.end();
    };
    const tokens = createTokenManager({ source, wasm: await serve(slowly), policy, deadline: 2000 });
    const got = await outcome(tokens.getToken());
    end({ got, asked });`);
  assert.equal(got, "STS.a");
  assert.equal(asked, 1);
});

test("a function that fails is called again", async () => {
  const got = await nodeJson(`${PRELUDE}
    let calls = 0;
    const wasm = async () => {
      if (calls++ === 0) throw new TypeError("Failed to fetch dynamically imported module");
      return bytes;
    };
    end([await outcome(createTokenManager({ source, wasm, policy }).getToken()), calls]);`);
  assert.deepEqual(got, ["STS.a", 2]);
});

test("so it is with a download that the page's own function ends", async () => {
  const { got, asked } = await nodeJson(`${PRELUDE}
    const address = await serve(start, whole);
    const wasm = async () => {
      const download = new AbortController();
      const response = await fetch(address, { signal: download.signal });
      if (asked === 1) setTimeout(() => download.abort(), 20);
      return response;
    };
    const got = await outcome(createTokenManager({ source, wasm, policy }).getToken());
    end({ got, asked });`);
  assert.equal(got, "STS.a");
  assert.equal(asked, 2);
});

test("components that ask at once have it compiled once", async () => {
  const compiled = await nodeJson(`${PRELUDE}
    import { effectScope } from "vue";
    import { useTokenManager } from "upload-token/vue";
    globalThis.window = globalThis;
    const { compile } = WebAssembly;
    let compiled = 0;
    WebAssembly.compile = (code) => ((compiled += Number(code.byteLength === bytes.length)), compile(code));
    const component = () => effectScope().run(() => useTokenManager({ source }).tokens.getToken());
    await Promise.all([component(), component(), component()]);
    end(compiled);`);
  assert.equal(compiled, 1);
});

test("what no repetition mends is told at once", async () => {
  const { got, asked } = await nodeJson(`${PRELUDE}
    const got = await outcome(createTokenManager({ source, wasm: await serve(status(404)), policy }).getToken());
    end({ got, asked });`);
  assert.match(got, /^wasm: .*answered 404/);
  assert.equal(asked, 1);
});

test("what is told of addresses is neither their query nor who signs in", async () => {
  const got = await nodeJson(`${PRELUDE}
    policy.waitDeadline = 1000;
    const quoting = "Failed to fetch dynamically imported module: https://cdn.test/a.js?key=CANARY#CANARY (is it there?)";
    const got = [];
    for (const wasm of [() => Promise.reject(new TypeError(quoting)), "http://user:CANARY@127.0.0.1:9/a.wasm?CANARY"]) {
      got.push(await outcome(createTokenManager({ source, wasm, policy }).getToken()));
    }
    end(got);`);
  assert.match(got[0], /^wasm: .*imported module: https:\/\/cdn\.test\/a\.js \(is it there\?\)/);
  assert.match(got[1], /^wasm: .*\(GET http:\/\/127\.0\.0\.1:9\/a\.wasm\)/);
  for (const told of got) assert.doesNotMatch(told, /CANARY/);
});

test("an answer and a promise are not asked twice: they would say the same", async () => {
  const got = await nodeJson(`${PRELUDE}
    const broken = fetch(await serve((response) => (start(response), setTimeout(() => response.destroy(), 50))));
    const told = [await outcome(createTokenManager({ source, wasm: broken, policy }).getToken())];
    const rejected = Promise.reject(new Error("offline"));
    told.push(await outcome(createTokenManager({ source, wasm: rejected, policy }).getToken()));
    end([...told, asked]);`);
  assert.match(got[0], /^wasm: .*did not arrive whole/);
  assert.match(got[1], /^wasm: .*offline/);
  assert.equal(got[2], 1);
});

test("a function that gives one answer again and again is told so, and no more is asked for", async () => {
  const { got, calls } = await nodeJson(`${PRELUDE}
    const broken = await fetch(await serve((response) => (start(response), setTimeout(() => response.destroy(), 50))));
    let calls = 0;
    const wasm = () => (calls++, broken);
    const got = await outcome(createTokenManager({ source, wasm, policy }).getToken());
    end({ got, calls });`);
  assert.match(got, /^wasm: .*was read before: give a function that asks for it anew \(GET http:\S+\/module\.wasm\)/);
  assert.equal(calls, 2);
});

test("a caller waits no longer for the module than for a token, and is told the last failure", async () => {
  const [hung, failed] = await nodeJson(`${PRELUDE}
    policy.waitDeadline = 2000;
    const hung = await outcome(createTokenManager({ source, wasm: never, policy }).getToken());
    const failed = await outcome(createTokenManager({ source, wasm: await serve(status(503)), policy }).getToken());
    end([hung, failed]);`);
  assert.match(hung, /^timeout: the WebAssembly module did not arrive within 2000 ms/);
  assert.match(failed, /^wasm: .*answered 503/);
});

test("a caller's wait is one: for the module, and then for a token", async () => {
  const { got, took, late } = await nodeJson(`${PRELUDE}
    policy.waitDeadline = 2000;
    const wasm = () => new Promise((resolve) => setTimeout(resolve, 1700, bytes));
    const since = performance.now();
    const tokens = createTokenManager({ source: never, wasm, policy });
    // Before 3700, when two waits would be over: timers run in their order, however late.
    let late = false;
    setTimeout(() => (late = true), 3600);
    const got = await outcome(tokens.getToken());
    end({ got, took: performance.now() - since, late });`);
  assert.match(got, /^timeout: .*2000 ms/);
  assert(took > 1900 && !late, `${took} ms`);
});

test("a download that turned out to be none is ended, however much of it comes", async () => {
  const { got, ended } = await nodeJson(`${PRELUDE}
    // As browsers do at the first bytes; Node reads to the end.
    WebAssembly.compileStreaming = async () => {
      throw new WebAssembly.CompileError("expected magic word");
    };
    let close;
    const closed = new Promise((resolve) => (close = resolve));
    const address = await serve((response) => {
      response.writeHead(200, { "content-type": "application/wasm" });
      const more = setInterval(() => response.write(Buffer.alloc(1000, 65)), 20);
      response.on("close", () => (clearInterval(more), close(true)));
    });
    const got = await outcome(createTokenManager({ source, wasm: address, policy, deadline: 400 }).getToken());
    const ended = await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 20_000, false))]);
    end({ got, ended });`);
  assert.match(got, /^wasm: .*could not be compiled/);
  assert(ended);
});

test("close() rejects who waits for the module, and no more is asked for", async () => {
  const { got, asked } = await nodeJson(`${PRELUDE}
    const tokens = createTokenManager({ source, wasm: await serve(status(503)), policy });
    const waiting = [tokens.getToken(), tokens.getToken({ scope: "a" })].map(outcome);
    await new Promise((resolve) => tokens.on("refreshFailed", resolve));
    tokens.close();
    const got = await Promise.all(waiting);
    const before = asked;
    await new Promise((resolve) => setTimeout(resolve, 200));
    end({ got, asked: asked - before });`);
  for (const outcome of got) assert.match(outcome, /^closed: /);
  assert.equal(asked, 0);
});

test("one that hangs holds up no other, and whoever waits for it has the module of another", async () => {
  const got = await nodeJson(`${PRELUDE}
    const hung = outcome(createTokenManager({ source, wasm: never }).getToken());
    const other = await outcome(createTokenManager({ source }).getToken());
    end([await hung, other]);`);
  assert.deepEqual(got, ["STS.a", "STS.a"]);
});

test("a module that comes after it was given up is taken", async () => {
  const got = await nodeJson(`${PRELUDE}
    let calls = 0;
    const wasm = () => calls++ ? never() : new Promise((resolve) => setTimeout(resolve, 300, bytes));
    end([await outcome(createTokenManager({ source, wasm, policy, deadline: 100 }).getToken()), calls > 1]);`);
  assert.deepEqual(got, ["STS.a", true]);
});

test("a caller that aborts waits no more, and alone lets no more be asked for", async () => {
  const { got, asked } = await nodeJson(`${PRELUDE}
    const tokens = createTokenManager({ source, wasm: await serve(status(503)), policy });
    const controller = new AbortController();
    const waiting = outcome(tokens.getToken({ signal: controller.signal }));
    await new Promise((resolve) => tokens.on("refreshFailed", resolve));
    controller.abort();
    const got = await waiting;
    const before = asked;
    await new Promise((resolve) => setTimeout(resolve, 200));
    end({ got, asked: asked - before });`);
  assert.match(got, /^aborted: /);
  assert.equal(asked, 0);
});

test("where a platform refuses timers the next call tries again", async () => {
  const got = await nodeJson(`${PRELUDE}
    const { setTimeout: later } = globalThis;
    globalThis.setTimeout = () => {
      throw new Error("refused");
    };
    let calls = 0;
    const wasm = async () => {
      if (calls++ === 0) throw new Error("offline");
      return bytes;
    };
    const tokens = createTokenManager({ source, wasm, policy });
    const failed = new Promise((resolve) => tokens.on("refreshFailed", resolve));
    const first = outcome(tokens.getToken());
    await failed;
    await new Promise((resolve) => later(resolve, 100));
    end([await outcome(tokens.getToken()), await first, calls]);`);
  assert.deepEqual(got, ["STS.a", "STS.a", 2]);
});

test("a manager that is closed takes no module from an uploader that needs none of its tokens", async () => {
  const got = await nodeJson(`${PRELUDE}
    import { createVodUploader } from "upload-token/vod";
    import { Vod } from "./tests/shell/facade/sdk/bare.mjs";
    let bring;
    const wasm = () => new Promise((resolve) => (bring = () => resolve(bytes)));
    const tokens = createTokenManager({ source, wasm, policy });
    const told = new Promise((resolve) => {
      const onUploadFailed = (_, code) => resolve(code);
      const uploadAuth = () => (resolve("asked"), never());
      const { options } = createVodUploader(Vod, tokens, { uploadAuth, onUploadFailed });
      options.onUploadstarted({ state: "Ready", file: { name: "a.mp4", type: "video/mp4" }, isImage: false });
    });
    await new Promise(setImmediate);
    tokens.close();
    bring();
    end(await told);`);
  assert.equal(got, "asked");
});

test("callers that overlap while the module is loaded share one request, and a signal is heard", async () => {
  const { same, asked, aborted, listening } = await nodeJson(`${PRELUDE}
    import { getEventListeners } from "node:events";
    let requests = 0;
    let bring;
    const wasm = () => new Promise((resolve) => (bring = () => resolve(bytes)));
    const tokens = createTokenManager({ source: () => (requests++, source()), wasm, policy });
    const all = Array.from({ length: 100 }, () => tokens.getToken());
    const [leaves, stays] = [new AbortController(), new AbortController()];
    const left = outcome(tokens.getToken({ signal: leaves.signal, scope: "of who left" }));
    all.push(tokens.getToken({ signal: stays.signal }));
    while (!bring) await new Promise(setImmediate);
    leaves.abort();
    const aborted = await left;
    bring();
    const same = new Set(await Promise.all(all)).size;
    const listening = [leaves, stays].map(({ signal }) => getEventListeners(signal, "abort").length);
    end({ same, asked: requests, aborted, listening });`);
  assert.match(aborted, /^aborted: /);
  assert.deepEqual([same, asked, listening], [1, 1, [0, 0]]);
});

/** Moments on the way to the first token → what has `close()` called then. */
const MOMENTS = {
  "at once": "setImmediate(close);",
  "when the module is asked for": "wasm = () => (close(), bytes);",
  "when the module is compiled": "after('compile');",
  "when there is an instance of it": "after('instantiate');",
  "when the source is asked": "ask = () => (close(), source());",
  "when the source has answered": "ask = () => Promise.resolve(source()).finally(() => queueMicrotask(close));",
};

for (const [moment, act] of Object.entries(MOMENTS)) {
  test(`close() ${moment} leaves nothing behind`, async () => {
    const { got, timers, requests } = await nodeJson(`${PRELUDE}
      let wasm = () => bytes;
      let ask = source;
      let tokens;
      let requests = 0;
      const close = () => tokens.close();
      const after = (step) => {
        const real = WebAssembly[step];
        WebAssembly[step] = (...args) => real.apply(WebAssembly, args).finally(close);
      };
      ${act}
      tokens = createTokenManager({ source: () => (requests++, ask()), wasm: () => wasm(), policy });
      const callers = [tokens.getToken(), tokens.getToken({ scope: "a" })].map(outcome);
      tokens.prefetch("b");
      const got = await Promise.all(callers);
      tokens.prefetch();
      await new Promise((resolve) => setTimeout(resolve, 50));
      const timers = process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
      end({ got, timers, requests });`);
    for (const outcome of got) assert.match(outcome, /^(closed: |STS\.a$)/);
    if (!moment.includes("source")) assert.deepEqual([requests, got.filter((one) => one === "STS.a").length], [0, 0]);
    assert.equal(timers, 0);
  });
}

test("a busy page takes a module that came meanwhile", async () => {
  const got = await nodeJson(`${PRELUDE}
    const module = await WebAssembly.compile(bytes);
    const busy = () => { for (const end = performance.now() + 3200; performance.now() < end; ); };
    // Told after the timers that the busy time has made late.
    const wasm = () => new Promise((resolve) => setImmediate(() => (busy(), setImmediate(resolve, module))));
    const failed = [];
    const tokens = createTokenManager({ source, wasm, policy, deadline: 3000 });
    tokens.on("refreshFailed", ({ error }) => failed.push(error.message));
    end([await outcome(tokens.getToken()), failed]);`);
  assert.deepEqual(got, ["STS.a", []]);
});

test("a mistake in the function that brings the module is told at once; what a connection throws is tried again", async () => {
  const outcomes = await nodeJson(`
    import { createTokenManager } from "upload-token";
    const mistakes = [() => notDefined, () => JSON.parse("{"), () => undefined.module, () => 7(), () => fetch("/a.wasm")];
    const passing = ["fetch failed", "Failed to fetch", "Load failed", "请求超时。"].map((said) => () => Promise.reject(new TypeError(said)));
    const outcomes = [];
    for (const load of [...mistakes, ...passing]) {
      let calls = 0;
      const wasm = async () => (calls++, await load());
      const policy = { waitDeadline: 200, backoffBase: 10 };
      const tokens = createTokenManager({ source: () => ({}), wasm, policy });
      tokens.on("refreshFailed", () => {});
      const alive = setTimeout(() => {}, 60_000);
      const error = await tokens.getToken().catch((error) => error);
      clearTimeout(alive);
      outcomes.push([error.code, calls > 1, /the function that brings it failed: /.test(error.message)]);
    }
    console.log(JSON.stringify(outcomes));
  `);
  assert.deepEqual(outcomes, [...Array(5).fill(["wasm", false, true]), ...Array(4).fill(["wasm", true, true])]);
});
