// What pages do beside the vendor's documentation.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { figures } from "../support/figures.mjs";
import { openSite } from "../support/site.mjs";

const MB = 1 << 20;

describe("a page", () => {
  let site;
  before(async () => (site = await openSite()));
  after(() => site?.close());

  /** A fresh cloud and page; what the page prints is in `page.output`. */
  async function open({ config, faults, name } = {}) {
    await site.reset({ config, faults });
    const page = await site.open(name);
    page.output = [];
    page.on("console", (message) => page.output.push(`${message.type()}: ${message.text()}`));
    page.queries = [];
    page.on("request", (request) => page.queries.push(Object.fromEntries(new URL(request.url()).searchParams)));
    return page;
  }

  /** Adds `files` to a new uploader and starts it; `setUp` runs in the page and returns what cannot be sent there. */
  async function start(page, files, options = {}, setUp) {
    return page.evaluate(
      async ([files, options, setUp]) => {
        const made = setUp ? await eval(setUp)() : {};
        window.harness.ours({ parallel: 1, ...options, ...made });
        const sums = {};
        for (const [name, size, about] of files) sums[name] = await window.harness.add(name, size, about);
        window.harness.start();
        return sums;
      },
      [files, options, setUp?.toString()],
    );
  }

  const ended = (page, names, times = 1) =>
    page.evaluate(([names, times]) => window.harness.ended(names, 30_000, times), [names, times]);

  const query = (page, action) => page.queries.find(({ Action }) => Action === action);

  const sent = async (action) => (await site.log()).filter((entry) => entry.action === action && !entry.preflight);

  for (const [what, spoil, mend, said] of [
    [
      "the SDK finds no ali-oss",
      () => {
        window.kept = window.OSS;
        window.OSS = undefined;
      },
      () => (window.OSS = window.kept),
      /OSS/,
    ],
    [
      "a namespace of a module stands in the place of ali-oss",
      () => {
        window.kept = window.OSS;
        window.OSS = { default: window.OSS };
      },
      () => (window.OSS = window.kept),
      /constructor/,
    ],
  ]) {
    test(`${what}: the file fails with the cause, and starts once that is mended`, async () => {
      const page = await open({ name: "late-oss" });
      await page.evaluate(`(${spoil})()`);
      const sums = await start(page, [["a.mp4", MB]], { deadline: 3000 });
      const failed = await ended(page, ["a.mp4"]);
      assert.deepEqual(failed.ends["a.mp4"], ["Failed sdk_error"]);
      const call = await page.evaluate(() => {
        const [code, message, error] = window.harness.calls.find(({ name }) => name === "onUploadFailed").args;
        return { code, message, error };
      });
      assert.match(call.message, said);
      assert.equal(call.error.code, "sdk_error");
      await page.evaluate(`(${mend})()`);
      await page.evaluate(() => window.harness.start());
      const report = await ended(page, ["a.mp4"], 2);
      assert.deepEqual(report.ends["a.mp4"], ["Failed sdk_error", "Succeed"]);
      assert.equal((await site.objects())[0].sha256, sums["a.mp4"]);
      assert.equal((await sent("CreateUploadVideo")).length, 1, "one video");
      await page.context().close();
    });
  }

  test("an address that ali-oss refuses: the file fails with the cause, and starts once it is mended", async () => {
    const page = await open();
    const sums = await start(page, [["a.mp4", MB]], { tokens: null, deadline: 3000 }, () => {
      let spoiled = false;
      const uploadAuth = async ({ signal: _, reason: __, ...request }) => {
        const headers = { "content-type": "application/json" };
        const answer = await fetch("/api/upload-auth", { method: "POST", headers, body: JSON.stringify(request) });
        const { uploadAddress, ...rest } = await answer.json();
        if (spoiled) return { uploadAddress, ...rest };
        spoiled = true;
        const address = { ...JSON.parse(atob(uploadAddress)), Bucket: "Not_a_bucket" };
        return { ...rest, uploadAddress: btoa(JSON.stringify(address)) };
      };
      return { uploadAuth };
    });
    const failed = await ended(page, ["a.mp4"]);
    assert.deepEqual(failed.ends["a.mp4"], ["Failed sdk_error"]);
    const message = await page.evaluate(
      () => window.harness.calls.find(({ name }) => name === "onUploadFailed").args[1],
    );
    assert.match(message, /bucket/);
    await page.evaluate(() => window.harness.start());
    const report = await ended(page, ["a.mp4"], 2);
    assert.deepEqual(report.ends["a.mp4"], ["Failed sdk_error", "Succeed"]);
    assert.equal((await site.objects())[0].sha256, sums["a.mp4"]);
    await page.context().close();
  });

  test("onUploadstarted sets title and description after a request of its own, and VOD is told them", async () => {
    const page = await open();
    await start(page, [["a.mp4", MB]], {}, () => ({
      onUploadstarted: async (info) => {
        await new Promise((done) => setTimeout(done, 600));
        info.videoInfo.Title = "From the page's own request";
        info.videoInfo.Description = "and its text";
      },
    }));
    assert.deepEqual((await ended(page, ["a.mp4"])).ends["a.mp4"], ["Succeed"]);
    const { Title, Description } = query(page, "CreateUploadVideo");
    assert.deepEqual([Title, Description], ["From the page's own request", "and its text"]);
    await page.context().close();
  });

  test("a promise of onUploadstarted that rejects fails the file with the page's own error", async () => {
    const page = await open();
    await start(
      page,
      [
        ["a.mp4", MB],
        ["b.mp4", MB],
      ],
      {},
      () => ({
        onUploadstarted: async ({ file }) => {
          if (file.name === "a.mp4") throw new Error("no title today");
        },
        onUploadFailed(info, code, message, error) {
          window.failed = { name: info.file.name, code, message, cause: error.cause.message };
          window.harness.calls.push({ name: "onUploadFailed", file: info.file.name, args: [code] });
        },
      }),
    );
    const report = await ended(page, ["a.mp4", "b.mp4"]);
    assert.deepEqual(report.ends, { "a.mp4": ["Failed page_error"], "b.mp4": ["Succeed"] });
    const failed = await page.evaluate(() => window.failed);
    assert.deepEqual([failed.code, failed.cause], ["page_error", "no title today"]);
    assert.match(failed.message, /no title today/);
    assert.deepEqual(page.uncaught, []);
    await page.context().close();
  });

  test("a promise of onUploadstarted that is never settled ends with the deadline, and a stop forgets it", async () => {
    const page = await open();
    await start(page, [["a.mp4", MB]], { deadline: 1500 }, () => ({ onUploadstarted: () => new Promise(() => {}) }));
    assert.deepEqual((await ended(page, ["a.mp4"])).ends["a.mp4"], ["Failed timeout"]);
    await page.evaluate(() => {
      window.harness.start();
      window.harness.uploader.stopUpload();
    });
    await new Promise((done) => setTimeout(done, 2200));
    const report = await ended(page, ["a.mp4"]);
    assert.deepEqual(report.ends["a.mp4"], ["Failed timeout"], "nothing is told of a file that the page stopped");
    assert.equal(report.states[0].state, "Stoped");
    await page.context().close();
  });

  test("options as input fields give them: empty ones are defaults, texts are numbers", async () => {
    const page = await open();
    const options = {
      region: "",
      partSize: "262144",
      parallel: "2",
      timeout: null,
      retryCount: "",
      retryDuration: "1",
    };
    const sums = await start(page, [["a.mp4", MB]], options);
    assert.deepEqual((await ended(page, ["a.mp4"])).ends["a.mp4"], ["Succeed"]);
    assert.equal((await site.objects())[0].sha256, sums["a.mp4"]);
    assert.equal((await sent("UploadPart")).length, 4);
    assert.ok((await site.log()).every(({ host }) => !/null|undefined/.test(host ?? "")));
    await page.context().close();
  });

  test("parameters that are no text are sent as the SDK sends them", async () => {
    const Vod = { Title: "Film", Tags: ["a", "b"], CateId: 7, UserData: { Extend: { id: 1 } }, Description: true };
    const told = [];
    for (const mode of ["documented", "ours"]) {
      const page = await open();
      await page.evaluate(
        async ([mode, paramData]) => {
          window.harness[mode]({ parallel: 1 });
          await window.harness.add("a.mp4", 1 << 20, { paramData });
          window.harness.start();
        },
        [mode, JSON.stringify({ Vod })],
      );
      assert.deepEqual((await ended(page, ["a.mp4"])).ends["a.mp4"], ["Succeed"], mode);
      const sent = query(page, "CreateUploadVideo");
      told.push(Object.fromEntries(Object.keys(Vod).map((name) => [name, sent[name]])));
      await page.context().close();
    }
    assert.deepEqual(told[1], told[0]);
    assert.equal(told[1].Tags, "a,b");
  });

  test("paramData may be an object, and is refused by name if it is no JSON", async () => {
    const page = await open();
    await start(page, [["a.mp4", MB, { paramData: { Vod: { Title: "An object" } } }]]);
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
    const page = await open();
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
    };
    for (const [name, kind, code, message] of refusals) {
      assert.deepEqual([name, kind, code], [name, "UploadTokenError", "invalid_option"]);
      assert.match(message, meant[name]);
    }
    await page.context().close();
  });

  test("UploadAuth mode needs no token manager and no module, in three ways to say so", async () => {
    for (const way of ["left out", "an object", "null"]) {
      const page = await open();
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

  test("the user changes in the middle of a file: it fails, and begins anew as another video of the new user's", async () => {
    const page = await open({ config: { partDelayMs: 400 } });
    const names = ["a.mp4", "b.mp4"];
    const sums = await start(
      page,
      names.map((name) => [name, 3 * MB]),
    );
    await page.waitForFunction(() => window.harness.calls.some(({ name }) => name === "onUploadProgress"));
    const before = (await site.log()).at(-1).seq;
    await page.evaluate(() => window.harness.tokens.reset());
    const failed = await ended(page, ["b.mp4"]);
    assert.deepEqual(failed.ends, { "b.mp4": ["Succeed"] }, "the queue goes on");
    await page.evaluate(() => window.harness.start());
    const report = await ended(page, ["a.mp4"], 2);
    assert.deepEqual(report.ends["a.mp4"], ["Failed reset", "Succeed"]);
    const objects = await site.objects();
    for (const [name, sum] of Object.entries(sums)) {
      const { videoId } = report.states.find((info) => info.name === name);
      assert.equal(objects.find(({ sha256 }) => sha256 === sum)?.videoId, videoId, name);
    }
    const log = await site.log();
    const keys = (entries) =>
      new Set(entries.filter(({ action }) => /Video/.test(action)).map((entry) => entry.accessKeyId));
    const [former, later] = [keys(log.filter(({ seq }) => seq <= before)), keys(log.filter(({ seq }) => seq > before))];
    assert.equal(former.size, 1);
    assert.ok(![...former].some((key) => later.has(key)), "VOD is not asked with the former user's token any more");
    assert.equal(log.filter(({ action }) => action === "RefreshUploadVideo").length, 0);
    assert.deepEqual(page.uncaught, []);
    await page.context().close();
  });

  test("what else the AppServer answered is in info.reply, without secrets", async () => {
    for (const mode of ["STS", "UploadAuth"]) {
      const page = await open();
      await page.evaluate((mode) => (window.mode = mode), mode);
      await start(page, [["a.mp4", MB]], mode === "UploadAuth" ? { tokens: null } : {}, () => {
        const asked = async (address, request) => {
          const headers = { "content-type": "application/json" };
          const answer = await fetch(address, { method: "POST", headers, body: JSON.stringify(request) });
          return { ...(await answer.json()), recordId: 7, place: { directory: "u/1" } };
        };
        return {
          source: () => asked("/api/sts", {}),
          ...(window.mode === "UploadAuth" && {
            uploadAuth: ({ signal, file, info, reason, ...request }) => asked("/api/upload-auth", request),
          }),
          onUploadSucceed(info) {
            window.reply = info.reply;
            window.harness.calls.push({ name: "onUploadSucceed", file: info.file.name, args: [] });
          },
        };
      });
      assert.deepEqual((await ended(page, ["a.mp4"])).ends["a.mp4"], ["Succeed"], mode);
      const reply = await page.evaluate(() => window.reply);
      assert.deepEqual([reply.recordId, reply.place], [7, { directory: "u/1" }], mode);
      assert.doesNotMatch(JSON.stringify(reply), /secret|STS\.|securityToken/i, mode);
      await page.context().close();
    }
  });

  test("an image that takes longer than its UploadAuth lives ends with a code of its own", async () => {
    const page = await open({ config: { uploadAuthLifeMs: 1500, stsLifeMs: 20_000, partDelayMs: 1000 } });
    await start(page, [["a.png", 6 * MB, { type: "image/png" }]]);
    assert.deepEqual((await ended(page, ["a.png"])).ends["a.png"], ["Failed upload_too_slow"]);
    assert.ok(figures(await site.log()).created <= 4, "few images are created");
    await page.context().close();
  });

  test("the default title is cut to what VOD takes; a title of the page's own is left alone", async () => {
    const page = await open();
    const long = `${"片".repeat(126)}😀😀😀.mp4`;
    await start(page, [[long, MB, { paramData: { Vod: {} } }]]);
    assert.deepEqual((await ended(page, [long])).ends[long], ["Succeed"]);
    const { Title, FileName } = query(page, "CreateUploadVideo");
    assert.ok([...Title].length <= 128 && long.startsWith(Title) && Title.isWellFormed(), Title);
    assert.equal(FileName, long);
    await page.context().close();
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

  test("ali-oss's advice to renew the token oneself is not printed; other warnings are", async () => {
    const page = await open();
    await start(page, [["a.mp4", MB]], {}, () => {
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

  test("a failure tells status, code and request of the answer, beside the SDK's three arguments", async () => {
    const page = await open({
      faults: [{ service: "oss", action: "UploadPart", partNumber: 1, status: 403, code: "AccessDenied" }],
    });
    await start(page, [["a.mp4", MB]], {}, () => ({
      onUploadFailed(info, code, message, error) {
        window.failed = { ...error, name: error.name, same: error.message === message };
        window.harness.calls.push({ name: "onUploadFailed", file: info.file.name, args: [code] });
      },
    }));
    assert.deepEqual((await ended(page, ["a.mp4"])).ends["a.mp4"], ["Failed AccessDenied"]);
    const failed = await page.evaluate(() => window.failed);
    assert.equal(failed.name, "UploadTokenError");
    assert.deepEqual([failed.code, failed.status, failed.serverCode, failed.same], ["http", 403, "AccessDenied", true]);
    assert.match(failed.requestId, /\S/);
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
    const parts = (await sent("UploadPart")).length;
    await new Promise((done) => setTimeout(done, 1500));
    assert.equal((await sent("UploadPart")).length, parts, "nothing is sent afterwards");
    await page.context().close();
  });

  test("React's StrictMode: an effect that makes and disposes, twice, leaves one uploader that works", async () => {
    const page = await open({ name: "react" });
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
