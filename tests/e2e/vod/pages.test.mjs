// What pages do while files are sent, beside the vendor's documentation.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { figures } from "../support/figures.mjs";
import { PART } from "../support/parts.mjs";
import { openSite } from "../support/site.mjs";
import { progress } from "../support/wait.mjs";
import { ended, open, query, sent, start } from "./one-page.mjs";

describe("a page", () => {
  let site;
  before(async () => (site = await openSite()));
  after(() => site?.close());

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
      const page = await open(site, { name: "late-oss" });
      await page.evaluate(`(${spoil})()`);
      const sums = await start(page, [["a.mp4", PART]], { deadline: 3000 });
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
      assert.equal((await sent(site, "CreateUploadVideo")).length, 1, "one video");
      await page.context().close();
    });
  }

  test("an address that ali-oss refuses: the file fails with the cause, and starts once it is mended", async () => {
    const page = await open(site);
    const sums = await start(page, [["a.mp4", PART]], { tokens: null, deadline: 3000 }, () => {
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

  for (const [what, fault, told] of [
    ["and why", { status: 403, code: "AccessDenied" }, [/^OSS keeps .* of a\.mp4, .*AccessDenied/]],
    ["if it has any", { status: 404, code: "NoSuchUpload" }, []],
  ]) {
    test(`the page is told that OSS keeps the parts of a cancelled file, ${what}`, async () => {
      const faults = [{ service: "oss", action: "AbortMultipartUpload", ...fault }];
      const page = await open(site, { config: { partDelayMs: 300 }, faults });
      await start(page, [["a.mp4", 4 * PART]]);
      await progress(page, 1);
      const answered = page.waitForResponse((answer) => answer.request().method() === "DELETE");
      await page.evaluate(() => window.harness.uploader.cancelFile(0));
      assert.equal((await answered).status(), fault.status);
      // The SDK's client reads the answer in turns of its own.
      await page.waitForTimeout(300);
      const events = await page.evaluate(() => window.harness.events);
      const messages = events.filter(({ type }) => type === "diagnostic").map(({ message }) => message);
      assert.equal(messages.length, told.length, messages.join("; "));
      told.forEach((said, index) => assert.match(messages[index], said));
      assert.deepEqual(page.uncaught, []);
      await page.context().close();
    });
  }

  test("onUploadstarted sets title and description after a request of its own, and VOD is told them", async () => {
    const page = await open(site);
    await start(page, [["a.mp4", PART]], {}, () => ({
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
    const page = await open(site);
    await start(
      page,
      [
        ["a.mp4", PART],
        ["b.mp4", PART],
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
    const page = await open(site);
    await start(page, [["a.mp4", PART]], { deadline: 1500 }, () => ({ onUploadstarted: () => new Promise(() => {}) }));
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
    const page = await open(site);
    const options = {
      region: "",
      partSize: "262144",
      parallel: "2",
      timeout: null,
      retryCount: "",
      retryDuration: "1",
    };
    const sums = await start(page, [["a.mp4", 8 * PART]], options);
    assert.deepEqual((await ended(page, ["a.mp4"])).ends["a.mp4"], ["Succeed"]);
    assert.equal((await site.objects())[0].sha256, sums["a.mp4"]);
    assert.equal((await sent(site, "UploadPart")).length, 4);
    assert.ok((await site.log()).every(({ host }) => !/null|undefined/.test(host ?? "")));
    await page.context().close();
  });

  test("parameters that are no text are sent as the SDK sends them", async () => {
    const Vod = { Title: "Film", Tags: ["a", "b"], CateId: 7, UserData: { Extend: { id: 1 } }, Description: true };
    const told = [];
    for (const mode of ["documented", "ours"]) {
      const page = await open(site);
      await page.evaluate(
        async ([mode, paramData]) => {
          window.harness[mode]({ parallel: 1 });
          await window.harness.add("a.mp4", 1 << 17, { paramData });
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

  test("the user changes in the middle of a file: it fails, and begins anew as another video of the new user's", async () => {
    const page = await open(site, { config: { partDelayMs: 400 } });
    const names = ["a.mp4", "b.mp4"];
    const sums = await start(
      page,
      names.map((name) => [name, 3 * PART]),
    );
    await progress(page);
    const before = (await site.log()).at(-1).seq;
    await page.evaluate(() => window.harness.tokens.reset());
    const failed = await ended(page, ["a.mp4"]);
    assert.deepEqual(failed.ends, { "a.mp4": ["Failed reset"] });
    const states = await page.evaluate(() => window.harness.uploader.listFiles().map(({ state }) => state));
    assert.deepEqual(states, ["Failure", "Stoped"], "nobody has started the next user's uploads");
    await page.evaluate(() => window.harness.start());
    await ended(page, ["a.mp4"], 2);
    const report = await ended(page, names);
    assert.deepEqual(report.ends, { "a.mp4": ["Failed reset", "Succeed"], "b.mp4": ["Succeed"] });
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
      const page = await open(site);
      await page.evaluate((mode) => (window.mode = mode), mode);
      await start(page, [["a.mp4", PART]], mode === "UploadAuth" ? { tokens: null } : {}, () => {
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
      assert.ok(!("uploadAuth" in reply), mode);
      // What is base64, as an UploadAuth is, shows no secret as it stands.
      const decoded = Object.values(reply).map((value) => Buffer.from(String(value), "base64").toString());
      for (const text of [JSON.stringify(reply), ...decoded])
        assert.doesNotMatch(text, /secret|STS\.|securityToken/i, mode);
      await page.context().close();
    }
  });

  test("an image that takes longer than its UploadAuth lives ends with a code of its own", async () => {
    const page = await open(site, { config: { uploadAuthLifeMs: 1500, stsLifeMs: 20_000, partDelayMs: 1000 } });
    await start(page, [["a.png", 6 * PART, { type: "image/png" }]]);
    assert.deepEqual((await ended(page, ["a.png"])).ends["a.png"], ["Failed upload_too_slow"]);
    assert.ok(figures(await site.log()).created <= 4, "few images are created");
    await page.context().close();
  });

  test("the default title is cut to what VOD takes; a title of the page's own is left alone", async () => {
    const page = await open(site);
    const long = `${"片".repeat(126)}😀😀😀.mp4`;
    await start(page, [[long, PART, { paramData: { Vod: {} } }]]);
    assert.deepEqual((await ended(page, [long])).ends[long], ["Succeed"]);
    const { Title, FileName } = query(page, "CreateUploadVideo");
    assert.ok([...Title].length <= 128 && long.startsWith(Title) && Title.isWellFormed(), Title);
    assert.equal(FileName, long);
    await page.context().close();
  });

  test("a failure tells status, code and request of the answer, beside the SDK's three arguments", async () => {
    const page = await open(site, {
      faults: [{ service: "oss", action: "UploadPart", partNumber: 1, status: 403, code: "AccessDenied" }],
    });
    await start(page, [["a.mp4", PART]], {}, () => ({
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
});
