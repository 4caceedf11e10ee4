// upload-token/vue and upload-token/react with the real frameworks and the real SDK in Chromium; React in StrictMode.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";

import { build } from "esbuild";

import { root } from "../../../scripts/lib/run.mjs";
import { expiries, figures } from "../support/figures.mjs";
import { openSite, ORIGIN, www } from "../support/site.mjs";
import { until } from "../support/wait.mjs";

const KB = 1024;
/** A busy machine keeps a page waiting for a second or two, and a renewal begins with a third of this left. */
const LIFE = 6000;
const CREATE = { service: "vod", action: "CreateUploadVideo" };
const SLOW = { partDelayMs: 550 };

/** StrictMode mounts twice in development only; for developer tools Vue's development build keeps every app. */
const FRAMEWORKS = {
  vue: { version: "3.5", mode: "production" },
  "vue-3.3": { version: "3.3.0", page: "vue", mode: "production", alias: { vue: "vue-3.3" } },
  react: { version: "19", mode: "development" },
  "react-18": {
    version: "18",
    page: "react",
    mode: "development",
    alias: { react: "react-18", "react-dom": "react-dom-18" },
  },
};

/** Registers the tests of the framework of this name. */
export function testFramework(name) {
  const { version, page: source = name, mode, alias = {} } = FRAMEWORKS[name];

  const isVue = source === "vue";

  describe(name, () => {
    let site;
    let page;

    before(async () => {
      site = await openSite();
      await build({
        absWorkingDir: root,
        entryPoints: { [name]: `tests/e2e/frameworks/page/${source}.mjs` },
        outdir: join(www, "frameworks"),
        bundle: true,
        format: "esm",
        define: { "process.env.NODE_ENV": JSON.stringify(mode), __VUE_PROD_DEVTOOLS__: "false" },
        alias,
        logLevel: "silent",
      });
      const html = `<!doctype html><title>${name}</title><main></main>
<script src="/vendor/aliyun-oss-sdk.js"></script><script>window["ali-oss"] = window.OSS</script>
<script src="/vendor/aliyun-upload-vod.js"></script><script type="module" src="/frameworks/${name}.js"></script>`;
      await writeFile(join(www, `frameworks/${name}.html`), html);
    });
    after(() => site?.close());

    beforeEach(async () => {
      await site.reset();
      page = await site.blank();
      await page.goto(`${ORIGIN}/frameworks/${name}.html`);
      await until(page, () => "app" in globalThis);
    });
    afterEach(async () => {
      assert.deepEqual(page.uncaught, []);
      await page.context().close();
    });

    const app = (method, ...args) => page.evaluate(([method, args]) => globalThis.app[method](...args), [method, args]);
    const seen = () => app("seen");
    const mount = async (props) => {
      await app("mount", props);
      await until(
        page,
        (props) => Boolean(app.state && (props?.late || props?.signedOut || props?.fails || app.state.uploader)),
        props,
      );
    };
    /** Waits until the files have these states. */
    const states = (...wanted) =>
      until(page, (wanted) => String(app.state.files.map(({ state }) => state)) === wanted, String(wanted));
    const sending = () => until(page, () => app.state.files.some(({ share }) => share > 0 && share < 1));

    test("an upload that outlives its credentials, as the component shows it", async () => {
      await site.reset({ config: { stsLifeMs: LIFE, uploadAuthLifeMs: LIFE, ...SLOW } });
      await mount();
      await app("add", "a.mp4", 1600 * KB);
      await states("Ready");
      await app("call", "start");
      await states("Success");
      const { files, active, text, history, called, status } = await seen();
      assert.deepEqual(
        [active, text, called, files[0].share, files[0].size],
        [false, "a.mp4: Success", [["", "a.mp4"]], 1, 1600 * KB],
      );
      assert.match(status, /valid|advisory|mandatory/);
      const shares = history.map(([, , share]) => share);
      assert.deepEqual(
        shares,
        [...shares].sort((a, b) => a - b),
        "the share never falls",
      );
      assert(new Set(shares).size >= 8, shares.join(", "));
      assert(history.some(([, state, , speed, left]) => state === "Uploading" && speed && left));
      const log = await site.log();
      assert.deepEqual([figures(log).refused, figures(log).sentTwice], [0, []]);
      assert(expiries(log, LIFE) >= 1);
    });

    test("it is the version that is meant", async () => {
      const running = await page.evaluate(() => app.version);
      assert(running.startsWith(version), running);
    });

    test("one uploader, whatever is rendered; the callbacks of the last render are called", async () => {
      for (const label of ["first", "second", "third"]) await mount({ label });
      await app("add", "a.mp4", 100 * KB);
      await app("call", "start");
      await states("Success");
      const { made, called } = await seen();
      assert.equal(made, 1);
      // A component of Vue is set up once, with the callbacks of that moment.
      assert.deepEqual(called, [[isVue ? "first" : "third", "a.mp4"]]);
    });

    test("unmounted in mid-upload: all of it ends, and the next mount goes on from what is stored", async () => {
      await site.reset({ config: SLOW });
      const before = (await seenBefore()).listeners;
      await mount();
      await app("add", "a.mp4", 800 * KB);
      await app("call", "start");
      await sending();
      await app("unmount");
      await page.waitForTimeout(600);
      const requests = (await site.log()).length;
      await page.waitForTimeout(900);
      assert.equal((await site.log()).length, requests, "nothing is asked for any more");
      assert.equal((await seen()).listeners, before);
      assert.equal(await page.evaluate(() => app.state.tokens.status().state), "closed");
      await mount();
      await app("add", "a.mp4", 800 * KB);
      await app("call", "start");
      await states("Success");
      const { storedTwice, created } = figures(await site.log());
      assert.equal(created, 1);
      assert(storedTwice.length <= 1, storedTwice.join(", "));
    });

    /** Before anything is mounted. */
    const seenBefore = () =>
      page.evaluate(() => {
        app.state = { files: [], status: {} };
        return app.seen();
      });

    test("kept alive: the upload goes on without the component, and the next mount finds it", async () => {
      await site.reset({ config: SLOW });
      await mount({ keepAlive: "uploads", label: "first" });
      await app("add", "a.mp4", 600 * KB);
      await app("call", "start");
      await sending();
      const { files } = await seen();
      await app("unmount");
      await page.waitForTimeout(1000);
      await mount({ keepAlive: "uploads", label: "second" });
      const found = await seen();
      assert.equal(found.files[0].id, files[0].id);
      assert(found.files[0].share > files[0].share, "it went on");
      await states("Success");
      const { made, called } = await seen();
      assert.deepEqual([made, called], [1, [["second", "a.mp4"]]]);
      await app("call", "dispose");
      await states();
      await app("unmount");
    });

    test("the source that is asked is that of the last render, also where other tabs share it", async () => {
      for (const how of ["asks", "shares"]) {
        const keepAlive = how;
        for (const label of ["first", "second"]) await mount({ [how]: true, label, keepAlive });
        // A component of Vue is set up once; the next one of the name has what is its own.
        if (isVue) await app("unmount");
        await mount({ [how]: true, label: "third", keepAlive });
        await app("add", `${how}.mp4`, 50 * KB);
        await app("call", "start");
        await states("Success");
        for (const label of ["fourth", "fifth"]) await mount({ [how]: true, label, keepAlive });
        await page.evaluate(async () => {
          app.state.tokens.reset();
          await app.state.tokens.getToken();
        });
        const last = isVue ? "third" : "fifth";
        const { called, channels } = await seen();
        assert.deepEqual(called.slice(-3), [
          ["source", "third"],
          ["third", `${how}.mp4`],
          ["source", last],
        ]);
        assert.equal(channels, how === "shares" ? 1 : 0);
        await app("call", "dispose");
        await page.evaluate(() => app.state.tokens.close());
        await app("unmount");
        assert.equal((await seen()).channels, 0);
      }
    });

    test("no manager yet: what is added waits for one, and goes on when it is gone", async () => {
      await site.reset({ config: SLOW });
      await mount({ signedOut: true, late: true });
      await app("add", "a.mp4", 300 * KB);
      await app("call", "start");
      assert.equal((await seen()).made, 0);
      await mount({ signedOut: true });
      assert.equal((await seen()).made, 0);
      await mount({});
      await sending();
      await mount({ signedOut: true });
      await states("Success");
      assert.equal((await seen()).made, 1);
    });

    test("what a server has rendered is taken up as it is, whatever is kept", async () => {
      const keepAlive = "served";
      await mount({ keepAlive });
      await app("add", "a.mp4", 50 * KB);
      await app("call", "start");
      await states("Success");
      await app("unmount");
      const shows = (text) => until(page, (text) => document.querySelector("main p")?.textContent === text, text);
      await app("hydrate", { keepAlive });
      await shows("valid, 1 files, an uploader");
      await app("unmount");
      await app("hydrate", {});
      await shows("empty, 0 files, an uploader");
      assert.deepEqual((await seen()).complaints, []);
    });

    test("a file that fails says why, and is tried again alone", async () => {
      await site.control("POST", "faults", [{ ...CREATE, status: 400, code: "InvalidParameter.CateId" }]);
      await mount();
      await app("add", "a.mp4", 50 * KB);
      await app("call", "start");
      await states("Failure");
      const [file] = (await seen()).files;
      assert.deepEqual(file.error, { code: "InvalidParameter.CateId", cause: "UploadTokenError" });
      await app("add", "b.mp4", 50 * KB);
      await app("call", "cancel", 2);
      await states("Failure", "Canceled");
      await app("call", "retry", file.id);
      await states("Success", "Canceled");
      const [again] = (await seen()).files;
      assert.equal(again.error, undefined);
      await app("call", "remove", 2);
      await states("Success");
    });

    test("stopped, started and removed while it is sent", async () => {
      await site.reset({ config: SLOW });
      await mount();
      await app("add", "a.mp4", 600 * KB);
      await app("add", "b.mp4", 100 * KB);
      await app("call", "start");
      await sending();
      await app("call", "stop");
      await states("Stoped", "Ready");
      assert.equal((await seen()).active, false);
      await app("call", "start");
      await sending();
      await app("call", "remove", 1);
      await states("Success");
      assert.equal((await seen()).text, "b.mp4: Success");
    });

    test("the SDK may come later: what was asked for is done then", async () => {
      await mount({ late: true });
      await app("add", "a.mp4", 50 * KB);
      await app("call", "start");
      assert.equal((await seen()).made, 0);
      await mount({});
      await states("Success");
    });

    test("an SDK that does not load is told of", async () => {
      await mount({ fails: "blocked" });
      await until(page, () => Boolean(app.state.loadError));
      assert.equal((await seen()).loadError, "blocked");
    });

    if (!isVue) {
      for (const late of [false, true]) {
        test(`a manager that is made in the component is refused, ${late ? "with { load }" : "with the class"}`, async () => {
          await page.evaluate((late) => void (window.made = app.remake(late)), late);
          await until(page, () => document.querySelector("main").textContent.includes("useTokenManager()"));
          assert.match(
            await page.textContent("main"),
            /^invalid_option: tokens is another token manager at each render/,
          );
          const made = await page.evaluate(() => window.made());
          assert.ok(made <= 30, `${made} uploaders`);
          await page.waitForTimeout(100);
          assert.equal(await page.evaluate(() => window.made()), made);
          // React 18 tells of what a boundary has caught, too.
          page.uncaught.length = 0;
        });
      }

      test("another name at a later render is another manager and another uploader", async () => {
        for (const keepAlive of ["one", "two", undefined]) {
          await mount({ keepAlive });
          await until(page, () => app.state.files.length === 0);
          await app("add", `${keepAlive}.mp4`, 50 * KB);
          await app("call", "start");
          await states("Success");
        }
        assert.equal((await seen()).made, 3);
        for (const keepAlive of ["one", "two"]) {
          await mount({ keepAlive });
          await until(page, (name) => app.state.files[0]?.name === `${name}.mp4`, keepAlive);
          assert.match((await seen()).status, /valid/);
        }
        assert.equal((await seen()).made, 3);
      });

      test("what is made for another name is by that render's options, and what is kept for the former by its own", async () => {
        const asked = [];
        page.on("request", (request) => {
          const [, query] = request.url().split("/api/sts?");
          if (query) asked.push(query);
        });
        const rename = async (keepAlive, props) => {
          await mount({ keepAlive, label: keepAlive, ...props });
          await until(page, (name) => app.name === name, keepAlive);
          await page.evaluate((name) => (app[name] = app.state.tokens), keepAlive);
          await fresh(keepAlive);
        };
        const fresh = (name) =>
          page.evaluate((name) => {
            app[name].reset();
            return app[name].getToken();
          }, name);
        for (const name of ["one", "two"]) await rename(name, { source: `/api/sts?${name}` });
        assert.deepEqual(asked, ["one", "two"]);
        for (const name of ["three", "four"]) await rename(name, { asks: true });
        await fresh("three");
        assert.deepEqual((await seen()).called.map(String), ["source,three", "source,four", "source,three"]);
      });
    }

    if (name === "react") {
      test("what is added to a component while it is hidden is sent when it is shown again", async () => {
        await mount({ mode: "visible" });
        await app("add", "a.mp4", 50 * KB);
        await app("mount", { mode: "hidden" });
        await until(page, () => app.state.tokens.status().state === "closed");
        await app("add", "b.mp4", 50 * KB);
        await app("call", "start");
        await mount({ mode: "visible" });
        await states("Success");
        assert.equal((await seen()).text, "b.mp4: Success");
      });
    }

    test("a hundred mounts leave nothing behind", async () => {
      const before = (await seenBefore()).listeners;
      for (let time = 0; time < 100; time++) {
        await mount();
        await page.evaluate(() => {
          app.unmount();
          app.state = undefined;
        });
      }
      await seenBefore();
      const { listeners, made } = await seen();
      assert.deepEqual([made, listeners], [100, before]);
      const alive = await app("alive", 2);
      assert(alive <= 2, `${alive} uploaders of 100 are still there`);
    });
  });
}
