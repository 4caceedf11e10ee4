// How pages make an uploader, and how they end it.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { figures } from "../support/figures.mjs";
import { PART } from "../support/parts.mjs";
import { openSite } from "../support/site.mjs";
import { ended, open, query, sent, start } from "./one-page.mjs";

describe("a page that makes an uploader", () => {
  let site;
  before(async () => (site = await openSite()));
  after(() => site?.close());

  test("paramData may be an object, and is refused by name if it is no JSON", async () => {
    const page = await open(site);
    await start(page, [["a.mp4", PART, { paramData: { Vod: { Title: "An object" } } }]]);
    assert.deepEqual((await ended(page, ["a.mp4"])).ends["a.mp4"], ["Succeed"]);
    assert.equal(query(page, "CreateUploadVideo").Title, "An object");
    const refused = await page.evaluate(() => {
      try {
        window.harness.uploader.addFile(new File(["x"], "b.mp4"), null, null, null, "{Vod:}");
        return undefined;
      } catch ({ code, message }) {
        return { code, message };
      }
    });
    assert.equal(refused?.code, "invalid_option");
    assert.match(refused.message, /paramData/);
    await page.context().close();
  });

  test("a mistake in the options is refused at the call, with what is meant", async () => {
    const page = await open(site);
    const refusals = await page.evaluate(async () => {
      const { createVodUploader } = await import("/dist/vod.js");
      const { createTokenManager } = await import("/dist/index.js");
      const { Vod } = window.AliyunUpload;
      const tokens = createTokenManager({ source: "/api/sts" });
      const made = {
        onUploadSuccess: () => createVodUploader(Vod, tokens, { onUploadSuccess() {} }),
        onUploadStarted: () => createVodUploader(Vod, tokens, { onUploadStarted() {} }),
        onUploadSuceed: () => createVodUploader(Vod, tokens, { onUploadSuceed() {} }),
        accessKey: () => createVodUploader(Vod, tokens, { accessKey: "x" }),
        callback: () => createVodUploader(Vod, tokens, { onUploadFailed: "log" }),
        endpoint: () => createVodUploader(Vod, tokens, { endpoint: "vod.example.com" }),
        region: () => createVodUploader(Vod, tokens, { region: "oss-cn-shanghai" }),
        partSize: () => createVodUploader(Vod, tokens, { partSize: "1 MB" }),
        timeout: () => createVodUploader(Vod, tokens, { timeout: "60s" }),
        retryCount: () => createVodUploader(Vod, tokens, { retryCount: {} }),
        deadline: () => createVodUploader(Vod, tokens, { deadline: 10 }),
        options: () => createVodUploader(Vod, tokens, "cn-shanghai"),
        tokens: () => createVodUploader(Vod, undefined, {}),
        Vod: () => createVodUploader(window.AliyunUpload, tokens, {}),
        noVod: () => createVodUploader(undefined, tokens, {}),
        notVod: () => createVodUploader(class {}, tokens, {}),
        header: () => createVodUploader(Vod, { uploadAuth: "/api/upload-auth", request: { header: {} } }),
      };
      return Object.entries(made).map(([name, make]) => {
        try {
          make();
          return [name, "taken"];
        } catch ({ name: kind, code, message }) {
          return [name, kind, code, message];
        }
      });
    });
    const meant = {
      onUploadSuccess: /onUploadSucceed is meant/,
      onUploadStarted: /onUploadstarted is meant/,
      onUploadSuceed: /onUploadSucceed is meant/,
      accessKey: /there are .*onUploadSucceed/,
      callback: /onUploadFailed must be a function/,
      endpoint: /https:\/\/vod\.example\.com/,
      region: /"cn-shanghai" is meant/,
      partSize: /partSize must be/,
      timeout: /timeout must be/,
      retryCount: /retryCount must be/,
      deadline: /deadline must be/,
      options: /options must be/,
      tokens: /tokens must be/,
      Vod: /member Vod/,
      noVod: /AliyunUpload\.Vod/,
      notVod: /AliyunUpload\.Vod/,
      header: /request\.header is not an option; did you mean headers\?/,
    };
    for (const [name, kind, code, message] of refusals) {
      assert.deepEqual([name, kind, code], [name, "UploadTokenError", "invalid_option"]);
      assert.match(message, meant[name]);
    }
    await page.context().close();
  });

  test("UploadAuth mode needs no token manager and no module, in three ways to say so", async () => {
    for (const way of ["left out", "an object", "null"]) {
      const page = await open(site);
      const stored = await page.evaluate(async (way) => {
        const { createVodUploader } = await import("/dist/vod.js");
        const { Vod } = window.AliyunUpload;
        return new Promise((done) => {
          const options = {
            onUploadSucceed: ({ videoId }) => done(videoId),
            onUploadFailed: (info, code) => done(code),
          };
          const uploadAuth = "/api/upload-auth";
          const ways = {
            "left out": () => createVodUploader(Vod, { ...options, uploadAuth }),
            "an object": () => createVodUploader(Vod, { uploadAuth }, options),
            null: () => createVodUploader(Vod, null, { ...options, uploadAuth }),
          };
          const uploader = ways[way]();
          uploader.addFile(new File([new Uint8Array(200_000)], "a.mp4"), null, null, null, { Vod: { Title: way } });
          uploader.startUpload();
        });
      }, way);
      assert.equal((await site.objects())[0]?.videoId, stored, way);
      await page.context().close();
    }
  });

  test("loadVod() loads the vendor's two files, in any order of calls, and says what is missing", async () => {
    await site.reset();
    const page = await site.blank();
    await page.goto("https://app.test/empty.html");
    const outcome = await page.evaluate(async () => {
      const { loadVod } = await import("/dist/vod.js");
      const refused = async (scripts) => {
        try {
          await loadVod(scripts);
          return "loaded";
        } catch ({ code, message }) {
          return { code, message };
        }
      };
      const oss = "/vendor/aliyun-oss-sdk.js";
      const vod = "/vendor/aliyun-upload-vod.js";
      const absent = await refused({ oss: "/vendor/nowhere.js?secret=1", vod });
      const empty = await refused({ vod });
      const [one, other] = await Promise.all([loadVod({ oss, vod }), loadVod({ oss, vod })]);
      const again = await loadVod({ oss: "/elsewhere.js", vod: "/elsewhere.js" });
      const same = one === other && one === again && one === window.AliyunUpload.Vod;
      return { absent, empty, same, scripts: document.querySelectorAll("head script").length };
    });
    assert.equal(outcome.absent.code, "network");
    assert.match(outcome.absent.message, /^oss.*\/vendor\/nowhere\.js/);
    assert.doesNotMatch(outcome.absent.message, /secret/);
    assert.equal(outcome.empty.code, "invalid_option");
    assert.ok(outcome.same);
    assert.equal(outcome.scripts, 2);
    await page.goto("https://app.test/empty.html");
    const swapped = await page.evaluate(async () => {
      const { loadVod } = await import("/dist/vod.js");
      const scripts = { oss: "/vendor/aliyun-upload-vod.js", vod: "/vendor/aliyun-oss-sdk.js" };
      return loadVod(scripts).then(String, ({ message }) => message);
    });
    assert.match(swapped, /^oss did not define window\.OSS/);
    await page.context().close();
  });

  test("loadVod() refuses an option that it does not have", async () => {
    const page = await open(site);
    const refused = await page.evaluate(async () => {
      const { loadVod } = await import("/dist/vod.js");
      const scripts = [undefined, { oss: "/oss.js", vod: "/vod.js", nonc: "a" }];
      return Promise.all(scripts.map((given) => loadVod(given).then(String, ({ code, message }) => [code, message])));
    });
    assert.deepEqual(
      refused.map(([code]) => code),
      ["invalid_option", "invalid_option"],
    );
    assert.match(refused[0][1], /^scripts must be an object/);
    assert.match(refused[1][1], /^nonc is not an option; did you mean nonce\?/);
    await page.context().close();
  });

  test("loadVod() ends where a file does not come, and the next call tries again", async () => {
    await site.reset();
    const page = await site.blank();
    await page.goto("https://app.test/empty.html");
    await page.evaluate(async () => {
      const { loadVod } = await import("/dist/vod.js");
      const vod = "/vendor/aliyun-upload-vod.js?secret=1";
      window.load = (deadline) => loadVod({ oss: "/vendor/aliyun-oss-sdk.js", vod, deadline });
      window.refused = (deadline) => window.load(deadline).then(String, ({ code, message }) => ({ code, message }));
    });
    const network = await page.context().newCDPSession(page);
    const slow = { offline: false, latency: 60_000, downloadThroughput: -1, uploadThroughput: -1 };
    await network.send("Network.enable");
    await network.send("Network.emulateNetworkConditions", slow);
    const late = await page.evaluate(() => window.refused(200));
    await network.send("Network.emulateNetworkConditions", { ...slow, latency: 0 });
    assert.equal(late.code, "timeout");
    assert.match(late.message, /^oss: the script did not load within 200 ms \(GET https:\S+\.js\) /);
    assert.ok(await page.evaluate(async () => (await window.load()) === window.AliyunUpload.Vod));
    const odd = await page.evaluate(() => window.refused("1 s"));
    assert.deepEqual(odd.code, "invalid_option");
    await page.context().close();
  });

  test("loadVod() asks again for a file in whose place a network's sign-in page was answered", async () => {
    await site.reset();
    const page = await site.blank();
    await page.goto("https://app.test/empty.html");
    for (const file of ["oss-sdk", "upload-vod"]) {
      const signIn = { contentType: "text/javascript", body: "/* sign in first */" };
      await page.route(`**/vendor/aliyun-${file}.js`, (route) => route.fulfill(signIn), { times: 1 });
    }
    const outcomes = await page.evaluate(async () => {
      const { loadVod } = await import("/dist/vod.js");
      const load = () => loadVod({ oss: "/vendor/aliyun-oss-sdk.js", vod: "/vendor/aliyun-upload-vod.js" });
      const outcome = () =>
        load().then(
          () => "loaded",
          ({ message }) => message,
        );
      return [await outcome(), await outcome(), await outcome()];
    });
    assert.match(outcomes[0], /^oss did not define window\.OSS/);
    assert.match(outcomes[1], /^vod did not define window\.AliyunUpload\.Vod/);
    assert.equal(outcomes[2], "loaded");
    await page.context().close();
  });

  test("loadVod() is not misled by elements that have the vendor's names as their ids", async () => {
    await site.reset();
    const page = await site.blank();
    await page.goto("https://app.test/empty.html");
    const stored = await page.evaluate(async () => {
      for (const id of ["OSS", "ali-oss", "AliyunUpload"])
        document.body.append(Object.assign(document.createElement("p"), { id }));
      const { createTokenManager } = await import("/dist/index.js");
      const { createVodUploader, loadVod } = await import("/dist/vod.js");
      const Vod = await loadVod({ oss: "/vendor/aliyun-oss-sdk.js", vod: "/vendor/aliyun-upload-vod.js" });
      return new Promise((done) => {
        const uploader = createVodUploader(Vod, createTokenManager({ source: "/api/sts" }), {
          onUploadSucceed: ({ videoId }) => done(videoId),
          onUploadFailed: (info, code, message) => done(message),
        });
        uploader.addFile(new File([new Uint8Array(200_000)], "a.mp4"));
        uploader.startUpload();
      });
    });
    assert.equal((await site.objects())[0]?.videoId, stored);
    await page.context().close();
  });

  test("loadVod() takes what a policy of Trusted Types made, and says so where text is refused", async () => {
    await site.reset();
    const page = await site.blank();
    await page.goto("https://app.test/empty.html");
    const outcome = await page.evaluate(async () => {
      const policy = document.createElement("meta");
      policy.httpEquiv = "Content-Security-Policy";
      policy.content = "require-trusted-types-for 'script'";
      document.head.append(policy);
      const { loadVod } = await import("/dist/vod.js");
      const scripts = { oss: "/vendor/aliyun-oss-sdk.js", vod: "/vendor/aliyun-upload-vod.js" };
      const refused = await loadVod(scripts).catch(({ name, code, message }) => ({ name, code, message }));
      const made = window.trustedTypes.createPolicy("vendor", { createScriptURL: (url) => url });
      const trusted = Object.fromEntries(
        Object.entries(scripts).map(([name, url]) => [name, made.createScriptURL(url)]),
      );
      return { refused, same: (await loadVod(trusted)) === window.AliyunUpload.Vod };
    });
    assert.deepEqual([outcome.refused.name, outcome.refused.code], ["UploadTokenError", "invalid_option"]);
    assert.match(outcome.refused.message, /^oss: .*require-trusted-types-for 'script'.*createScriptURL/);
    assert.ok(outcome.same);
    assert.deepEqual(page.uncaught, []);
    await page.context().close();
  });

  test("ali-oss's advice to renew the token oneself is not printed; other warnings are", async () => {
    const page = await open(site);
    await start(page, [["a.mp4", PART]], {}, () => {
      const log = console.log;
      console.warn("a warning of the page");
      return { onUploadProgress: () => log("progress") };
    });
    assert.deepEqual((await ended(page, ["a.mp4"])).ends["a.mp4"], ["Succeed"]);
    assert.deepEqual(
      page.output.filter((line) => line.startsWith("warning")),
      ["warning: a warning of the page"],
    );
    await page.context().close();
  });

  test("dispose() stops, forgets, and takes every listener from the window; the page's own handler stays", async () => {
    await site.reset({ config: { partDelayMs: 400 } });
    const page = await site.blank();
    await page.addInitScript(() => {
      window.listeners = [];
      for (const method of ["addEventListener", "removeEventListener"]) {
        const real = EventTarget.prototype[method];
        EventTarget.prototype[method] = function (type, listener, options) {
          if (this === window || this === document) {
            const key = [this === window ? "window" : "document", type];
            if (method === "addEventListener") window.listeners.push(key);
            else
              window.listeners.splice(
                window.listeners.findIndex((other) => `${other}` === `${key}`),
                1,
              );
          }
          return real.call(this, type, listener, options);
        };
      }
      window.own = () => {};
      window.onbeforeunload = window.own;
    });
    await site.load(page);
    const outcome = await page.evaluate(async () => {
      const { createTokenManager } = await import("/dist/index.js");
      const { createVodUploader } = await import("/dist/vod.js");
      const before = window.listeners.length;
      const told = [];
      const tokens = createTokenManager({ source: "/api/sts" });
      const uploaders = Array.from({ length: 5 }, () =>
        createVodUploader(window.AliyunUpload.Vod, tokens, {
          onUploadProgress: () => told.push("progress"),
          onUploadFailed: (info, code) => told.push(code),
          onUploadCanceled: () => told.push("canceled"),
          onUploadSucceed: () => told.push("stored"),
        }),
      );
      for (const [index, uploader] of uploaders.entries()) {
        uploader.addFile(new File([new Uint8Array(3 << 20)], `${index}.mp4`));
        if (index < 3) uploader.startUpload();
      }
      while (!told.includes("progress")) await new Promise((done) => setTimeout(done, 50));
      const during = window.listeners.length;
      for (const [index, uploader] of uploaders.entries()) {
        if (index === 0 && Symbol.dispose) uploader[Symbol.dispose]();
        else uploader.dispose();
        uploader.dispose();
      }
      tokens.close();
      const heard = told.length;
      await new Promise((done) => setTimeout(done, 1500));
      const refused = ["addFile", "startUpload"].map((method) => {
        try {
          uploaders[1][method](new File(["x"], "x.mp4"));
          return "taken";
        } catch ({ code }) {
          return code;
        }
      });
      uploaders[1].stopUpload();
      return {
        more: during - before,
        left: window.listeners.slice(before).map(String),
        later: told.length - heard,
        files: uploaders.map((uploader) => uploader.listFiles().length),
        own: window.onbeforeunload === window.own,
        refused,
      };
    });
    assert.ok(outcome.more > 0, "there were listeners");
    assert.deepEqual(outcome.left, []);
    assert.equal(outcome.later, 0, "nothing is told afterwards");
    assert.deepEqual(outcome.files, [0, 0, 0, 0, 0]);
    assert.ok(outcome.own);
    assert.deepEqual(outcome.refused, ["closed", "closed"]);
    assert.deepEqual(page.uncaught, []);
    const parts = (await sent(site, "UploadPart")).length;
    await new Promise((done) => setTimeout(done, 1500));
    assert.equal((await sent(site, "UploadPart")).length, parts, "nothing is sent afterwards");
    await page.context().close();
  });

  test("React's StrictMode: an effect that makes and disposes, twice, leaves one uploader that works", async () => {
    const page = await open(site, { name: "react" });
    await page.evaluate(() => (window.unmount = window.render()));
    await page.waitForFunction(() => window.made === 2);
    await page.evaluate(() => {
      window.current.addFile(new File([new Uint8Array(1 << 20)], "a.mp4"), null, null, null, { Vod: { Title: "a" } });
      window.current.startUpload();
    });
    await page.waitForFunction(() => document.querySelector("output")?.textContent !== "");
    assert.equal(await page.textContent("output"), "stored a.mp4");
    assert.equal(figures(await site.log()).created, 1);
    await page.evaluate(() => window.unmount());
    assert.deepEqual(page.uncaught, []);
    await page.context().close();
  });
});
