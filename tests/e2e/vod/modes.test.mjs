// UploadAuth mode, one token a file, and what a page can get hold of.
import assert from "node:assert/strict";
import { after, describe } from "node:test";

import { expiries, figures } from "../support/figures.mjs";
import { PART } from "../support/parts.mjs";
import { Sites } from "../support/sites.mjs";

/** A busy machine keeps a page waiting for a second or two, and a renewal begins with a third of this left. */
const LIFE = 6000;

/** They mostly wait. */
const AT_A_TIME = 4;

describe("the adapter", { concurrency: AT_A_TIME }, () => {
  const sites = new Sites();
  after(() => sites.close());

  /** Uploads with ours; `setUp` runs in the page and returns options that cannot be sent there. */
  async function upload(site, files, { config, faults, options = {}, setUp } = {}) {
    await site.reset({ config, faults });
    const page = await site.open();
    const output = [];
    page.on("console", (message) => output.push(message.text()));
    const sums = await page.evaluate(
      async ([files, options, setUp]) => {
        const made = setUp ? await eval(setUp)() : {};
        window.harness.ours({ ...options, ...made });
        const sums = {};
        for (const [name, size, about] of files) sums[name] = await window.harness.add(name, size, about);
        window.harness.start();
        return sums;
      },
      [files, options, setUp?.toString()],
    );
    const names = files.map(([name]) => name);
    const report = await page.evaluate((names) => window.harness.ended(names, 90_000), names);
    return { page, output, sums, report, log: await site.log(), objects: await site.objects() };
  }

  function assertStored({ page, sums, report, objects }) {
    for (const [name, sum] of Object.entries(sums)) {
      assert.deepEqual(report.ends[name], ["Succeed"], name);
      const { videoId, imageId } = report.states.find((info) => info.name === name);
      const object = objects.find(({ sha256 }) => sha256 === sum);
      assert.equal(object?.videoId ?? object?.imageId, videoId ?? imageId, name);
    }
    assert.deepEqual(page.uncaught, []);
  }

  const uploadAuth = { tokens: null, uploadAuth: "/api/upload-auth" };
  const withModule = async () => ({ wasm: (await import("/dist/index.js")).wasm });

  sites.test(
    "UploadAuth mode: videos from the AppServer outlive their credentials, and the page never holds an STS token",
    async (site, t) => {
      const result = await upload(
        site,
        [
          ["a.mp4", 5 * PART],
          ["b.mp4", 2 * PART],
        ],
        {
          config: { uploadAuthLifeMs: LIFE, partDelayMs: 3000 },
          options: { ...uploadAuth, parallel: 1 },
          setUp: withModule,
        },
      );
      assertStored(result);
      const seen = figures(result.log);
      assert.equal(seen.refused, 0);
      assert.deepEqual(seen.sentTwice, []);
      assert.equal(seen.created, 2);
      assert.equal(result.log.filter(({ action }) => action === "/api/sts").length, 0);
      const ended = expiries(result.log, LIFE);
      assert.ok(ended >= 3, `${ended} UploadAuths ended during the uploads`);
      t.diagnostic(`${ended} UploadAuths ended, ${seen.refreshed} refreshes, no 403`);
    },
  );

  sites.test("UploadAuth mode: an image is issued anew after a refusal", async (site) => {
    const refusal = { service: "oss", action: "UploadPart", partNumber: 2, status: 403, code: "SecurityTokenExpired" };
    const result = await upload(site, [["a.png", 3 * PART, { type: "image/png" }]], {
      faults: [refusal],
      options: { ...uploadAuth, parallel: 1 },
      setUp: withModule,
    });
    assertStored(result);
    assert.equal(figures(result.log).created, 2);
  });

  sites.test("UploadAuth mode: a function of the page is told what is wanted, and may fail", async (site) => {
    const result = await upload(
      site,
      [["a.mp4", 3 * PART, { paramData: JSON.stringify({ Vod: { Title: "Film", CateId: 7, Tags: "x" } }) }]],
      {
        config: { uploadAuthLifeMs: LIFE, partDelayMs: 3000 },
        options: { tokens: null, parallel: 1 },
        setUp: async () => {
          window.requests = [];
          let calls = 0;
          const uploadAuth = async ({ signal, file, info, ...request }) => {
            const same = file === info.file && info === window.harness.uploader.listFiles()[0];
            window.requests.push({ ...request, size: file.size, same, signal: signal instanceof AbortSignal });
            if (calls++ === 1) throw new Error("not this time");
            const body = JSON.stringify(request);
            return fetch("/api/upload-auth", {
              method: "POST",
              headers: { "content-type": "application/json" },
              body,
              signal,
            });
          };
          return { uploadAuth, wasm: (await import("/dist/index.js")).wasm };
        },
      },
    );
    assertStored(result);
    assert.equal(figures(result.log).refused, 0);
    const [first, second] = await result.page.evaluate(() => window.requests);
    const { videoId } = result.report.states[0];
    const size = 3 * PART;
    const about = {
      title: "Film",
      fileName: "a.mp4",
      cateId: 7,
      tags: "x",
      fileSize: size,
      size,
      same: true,
      signal: true,
    };
    assert.deepEqual(first, { ...about, reason: "initial" });
    assert.match(second.ticket, /^t1\./, "what came with the first answer");
    assert.deepEqual(second, { ...about, reason: "refresh", videoId, ticket: second.ticket });
    const failures = result.report.events.filter(({ of, type }) => of === "vod" && type === "refreshFailed");
    assert.deepEqual(
      failures.map(({ error, usable }) => [error.code, usable]),
      [["http", true]],
    );
  });

  sites.test("one token a file: the next file's is there before it is wanted", async (site, t) => {
    const files = Array.from({ length: 10 }, (_, index) => [`${index}.mp4`, 300_000]);
    const delay = 900;
    const config = { delaysMs: { app: delay }, partDelayMs: 1600 };
    const result = await upload(site, files, { config, options: { perFile: true } });
    assertStored(result);
    const seen = figures(result.log);
    assert.equal(seen.tokens, 10);
    const waits = result.report.events
      .filter(({ type }) => type === "started")
      .map(({ waitedForToken }) => waitedForToken);
    assert.equal(waits.length, 10);
    // A file that had to wait, waited for the AppServer; the others were answered from what was in hand.
    const waited = waits.filter((wait) => wait >= delay / 2).length;
    assert.equal(waited, 1, `waits in ms: ${waits.map(Math.round)}`);
    t.diagnostic(`10 files, ${seen.tokens} tokens, ${waited} wait (of ${Math.round(waits[0])} ms)`);
  });

  sites.test("one token a file: a page that cannot name a file's scope fails that file alone", async (site) => {
    const names = ["0.mp4", "1.mp4", "2.mp4"];
    await site.reset();
    const page = await site.open();
    const ends = await page.evaluate(async (names) => {
      const [{ createTokenManager }, { createVodUploader }] = await Promise.all([
        import("/dist/index.js"),
        import("/dist/vod.js"),
      ]);
      const ends = [];
      await new Promise((done) => {
        const note = (info, end) => ends.push([info.file.name, end]) === names.length && done();
        const perFile = ({ file }) => {
          if (file.name === "1.mp4") throw new Error("no scope today");
          return file.name;
        };
        const uploader = createVodUploader(window.AliyunUpload.Vod, createTokenManager({ source: "/api/sts" }), {
          perFile,
          onUploadSucceed: (info) => note(info, "stored"),
          onUploadFailed: (info, code) => note(info, code),
        });
        for (const name of names) uploader.addFile(new File([new Uint8Array(120_000)], name));
        uploader.startUpload();
      });
      return ends;
    }, names);
    assert.deepEqual(ends, [
      ["0.mp4", "stored"],
      ["1.mp4", "invalid_option"],
      ["2.mp4", "stored"],
    ]);
  });

  for (const mode of ["STS", "UploadAuth"]) {
    sites.test(
      `an uploader that a page drops while it waits for a credential is not collected: ${mode} mode`,
      async (site) => {
        // The first request is refused, so that there is a back-off as well, with no request out.
        const faults =
          mode === "STS" ? [{ service: "vod", drop: true }] : [{ service: "app", status: 500, code: "Broken" }];
        await site.reset({ config: { delaysMs: { app: 1000 } }, faults });
        const page = await site.open();
        const end = await page.evaluate(async (mode) => {
          const [{ createTokenManager, wasm }, { createVodUploader }] = await Promise.all([
            import("/dist/index.js"),
            import("/dist/vod.js"),
          ]);
          let end;
          (() => {
            const tokens = mode === "STS" ? createTokenManager({ source: "/api/sts" }) : null;
            const uploader = createVodUploader(window.AliyunUpload.Vod, tokens, {
              ...(tokens ? {} : { uploadAuth: "/api/upload-auth", wasm }),
              onUploadSucceed: () => (end = "stored"),
              onUploadFailed: (info, code, message) => (end = `${code}: ${message}`),
            });
            uploader.addFile(new File([new Uint8Array(120_000)], "a.mp4"));
            uploader.startUpload();
          })();
          for (let turn = 0; turn < 200 && !end; turn++) {
            await new Promise((done) => setTimeout(done, 100));
            window.gc();
          }
          return end;
        }, mode);
        assert.equal(end, "stored");
      },
    );
  }

  sites.test("uploaders that a page drops are collected, with all that belongs to them", async (site) => {
    await site.reset();
    const page = await site.open();
    const left = await page.evaluate(async () => {
      const [{ createTokenManager }, { createVodUploader }] = await Promise.all([
        import("/dist/index.js"),
        import("/dist/vod.js"),
      ]);
      const dropped = [];
      for (let i = 0; i < 20; i++) {
        await new Promise((done) => {
          const tokens = createTokenManager({ source: "/api/sts" });
          const options = { onUploadSucceed: done, onUploadFailed: done };
          const uploader = createVodUploader(window.AliyunUpload.Vod, tokens, options);
          uploader.addFile(new File([new Uint8Array(120_000)], `${i}.mp4`));
          uploader.startUpload();
          dropped.push(new WeakRef(uploader));
        });
      }
      const alive = () => dropped.filter((ref) => ref.deref() !== undefined).length;
      // Collection may take several turns: objects that hold each other through the module are freed one after the other.
      for (let turn = 0; turn < 50 && alive() > 0; turn++) {
        await new Promise((done) => setTimeout(done, 100));
        window.gc();
      }
      return alive();
    });
    assert.equal(left, 0, `${left} of 20 are left`);
  });

  sites.test("no secret is written anywhere", async (site) => {
    const result = await upload(site, [["a.mp4", 3 * PART]], {
      config: { stsLifeMs: 3000, uploadAuthLifeMs: 3000, partDelayMs: 2300 },
      faults: [{ service: "oss", action: "UploadPart", partNumber: 2, status: 403, code: "SecurityTokenExpired" }],
      options: { parallel: 1 },
      setUp: () => {
        // What the servers hand out, as it passes.
        window.secrets = new Set();
        const collect = (text) => {
          for (const [, secret] of text.matchAll(/"(?:AccessKeySecret|SecurityToken)"\s*:\s*"([^"]+)"/g))
            window.secrets.add(secret);
          for (const [, auth] of text.matchAll(/"UploadAuth"\s*:\s*"([^"]+)"/g)) collect(atob(auth));
        };
        const real = window.fetch;
        window.fetch = async (...args) => {
          const answer = await real(...args);
          collect(await answer.clone().text());
          return answer;
        };
        return {};
      },
    });
    assertStored(result);
    const { secrets, kept } = await result.page.evaluate(() => ({
      secrets: [...window.secrets],
      kept: JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href]),
    }));
    assert.ok(secrets.length >= 8, `${secrets.length} secrets were seen`);
    const told = JSON.stringify(result.report) + result.output.join("\n");
    for (const secret of secrets) {
      assert.ok(!kept.includes(secret), "a secret is kept in the page's storage");
      assert.ok(!told.includes(secret), "a secret is in an event, a callback or the console");
    }
  });
});
