// The main job in three engines, with the real SDKs: an upload that outlives its credentials, and one that loses its
// AppServer. The engine sends real preflights over TLS to the vendor's host names.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createHash } from "node:crypto";

import { buildAppServer, control, startAppServer } from "../../../scripts/lib/app-server.mjs";
import { expiries, figures } from "../support/figures.mjs";
import { startProxy } from "../support/proxy.mjs";
import { ORIGIN, PAGES, preparePages, www } from "../support/site.mjs";
import { writeTabsPage } from "../support/tabs.mjs";
import { launch } from "./browsers.mjs";

const MB = 1 << 20;
/** A busy machine keeps a page waiting for a second or two, and a renewal begins with a third of this left. */
const LIFE = 6000;

/** Defines the suite for one of the engines of `browsers.mjs`. */
export function suite(name) {
  describe(name, () => {
    let server;
    let proxy;
    let engine;

    before(async () => {
      await buildAppServer();
      await preparePages();
      await writeTabsPage();
      server = await startAppServer({ www, args: ["--listen-tls", "127.0.0.1:0"] });
      proxy = await startProxy(new URL(server.https).host);
      engine = await launch(name, proxy.port);
      console.log(`${name}: ${engine.version}`);
    });
    after(async () => {
      await engine?.close();
      await proxy?.close();
      await server?.stop();
    });

    const cloud = (method, path, body) => control(server.http, method, path, body);

    /** Opens a fresh page of the e2e tests. */
    async function open(page = PAGES[0]) {
      await engine.browser.get(`${ORIGIN}/${page}.html`);
      await run("while (!window.harness) await new Promise((done) => setTimeout(done, 20))");
    }

    /** Runs the body of an async function in the page; resolves with what it returns. */
    async function run(body, ...args) {
      const script = `const done = arguments[arguments.length - 1];
        (async (...args) => { ${body} })(...arguments).then((value) => done({ value }), (error) => done({ error: String(error) }));`;
      const { value, error } = await engine.browser.executeAsyncScript(script, ...args);
      assert.equal(error, undefined);
      return value;
    }

    const begin = (options, size) =>
      run(
        `window.uncaught = [];
         for (const type of ["error", "unhandledrejection"])
           addEventListener(type, (event) => window.uncaught.push(String(event.message ?? event.reason)));
         harness.ours(args[0]);
         const sum = await harness.add("a.mp4", args[1]);
         harness.start();
         return sum;`,
        options,
        size,
      );
    const ended = (times, ms = 90_000) => run(`return harness.ended(["a.mp4"], args[1], args[0])`, times, ms);

    async function assertStored(sum) {
      const objects = await cloud("GET", "objects");
      assert.deepEqual(
        objects.map(({ sha256 }) => sha256),
        [sum],
      );
      assert.deepEqual(await run("return window.uncaught"), []);
    }

    test("an upload outlives its credentials: no 403, no part twice, the same bytes", async (t) => {
      await cloud("POST", "reset");
      await cloud("POST", "config", { stsLifeMs: LIFE, uploadAuthLifeMs: LIFE, partDelayMs: 4200 });
      await open();
      const sum = await begin({ parallel: 1, partSize: MB }, 5 * MB);
      const report = await ended(1);
      assert.deepEqual(report.ends, { "a.mp4": ["Succeed"] });
      await assertStored(sum);
      const log = await cloud("GET", "log");
      const seen = figures(log);
      assert.deepEqual([seen.refused, seen.sentTwice, seen.created], [0, [], 1]);
      assert.ok(expiries(log, LIFE) >= 3, `${expiries(log, LIFE)} UploadAuths ended during the upload`);
      const preflights = log.filter(({ preflight }) => preflight);
      assert.ok(preflights.length > 0, "the engine asks OSS for leave");
      t.diagnostic(`${engine.version}: ${seen.refreshed} refreshes, ${preflights.length} preflights`);
    });

    test("an AppServer that fails: an error with a code in time, and the next start goes through", async () => {
      await cloud("POST", "reset");
      await cloud("POST", "faults", [{ service: "app", times: -1, status: 500 }]);
      await open();
      // A start ends the back-off within 2 s, and a busy machine is late.
      const sum = await begin({ deadline: 6000 }, 2 * MB);
      const failed = await ended(1, 15_000);
      assert.deepEqual(failed.ends, { "a.mp4": ["Failed http"] });
      await cloud("DELETE", "faults");
      await run("harness.start()");
      const report = await ended(2);
      assert.deepEqual(report.ends, { "a.mp4": ["Failed http", "Succeed"] });
      await assertStored(sum);
    });

    test("ten tabs that want a token at the same time ask once", async () => {
      await cloud("POST", "reset");
      // Longer than it takes to go through ten tabs on a busy machine, and for a tab to lose its patience.
      await cloud("POST", "faults", [{ service: "app", delayMs: 6000 }]);
      const { browser } = engine;
      const tabs = [await browser.getWindowHandle()];
      try {
        while (tabs.length < 10) {
          await browser.switchTo().newWindow("tab");
          tabs.push(await browser.getWindowHandle());
        }
        const all = async (body) => {
          const values = [];
          for (const tab of tabs) {
            await browser.switchTo().window(tab);
            values.push(await body());
          }
          return values;
        };
        await all(() => browser.get(`${ORIGIN}/tabs.html`));
        await all(() =>
          run(`while (!window.ask) await new Promise((done) => setTimeout(done, 20));
               make({ patience: 20_000 }, { deadline: 20_000 });
               window.asked = ask();`),
        );
        const ids = await all(() => run("return window.asked"));
        assert.match(ids[0], /^STS\./);
        assert.equal(new Set(ids).size, 1, ids.join(", "));
        const asked = (await cloud("GET", "log")).filter(({ service, preflight }) => service === "app" && !preflight);
        assert.equal(asked.length, 1);
      } finally {
        for (const tab of tabs.slice(1)) {
          await browser.switchTo().window(tab);
          await browser.close();
        }
        await browser.switchTo().window(tabs[0]);
      }
    });

    test("ali-oss by itself: an upload in parts outlives its tokens", async () => {
      await cloud("POST", "reset");
      await cloud("POST", "config", { stsLifeMs: LIFE, partDelayMs: 900 });
      await open("script-tag");
      const size = 10 * 100 * 1024;
      const outcome = await run(
        `const { createTokenManager } = await import("/dist/index.js");
         const { createOssClient } = await import("/dist/ali-oss.js");
         const tokens = createTokenManager({ source: "/api/sts" });
         const client = await createOssClient(OSS, tokens, { region: "oss-cn-shanghai", bucket: "web-upload-app" });
         const bytes = new Uint8Array(args[0]).map((_, at) => at * 31);
         await client.multipartUpload("a.bin", new File([bytes], "a.bin"), { partSize: 102400, parallel: 1 });
         tokens.close();
         return client.options.stsToken.length > 0;`,
        size,
      );
      assert.equal(outcome, true);
      const bytes = new Uint8Array(size).map((_, at) => at * 31);
      const [object] = await cloud("GET", "objects");
      assert.equal(object.sha256, createHash("sha256").update(bytes).digest("hex"));
      const seen = figures(await cloud("GET", "log"));
      assert.deepEqual([seen.refused, seen.sentTwice], [0, []]);
      assert.ok(seen.tokens >= 2, `${seen.tokens} tokens`);
    });
  });
}
