// The demo page in an engine, used as a person uses it: keys, clicks, files, and the words and numbers that it shows.
// Pictures of each step are in `.cache/demo/`.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";

import { Key } from "selenium-webdriver";

import { buildAppServer, control, startAppServer } from "../../../scripts/lib/app-server.mjs";
import { lanesOf } from "../../../scripts/lib/demo-page.mjs";
import { root } from "../../../scripts/lib/run.mjs";
import { launch } from "../engines/browsers.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const pictures = join(root, ".cache/demo");
/** Nothing listens there, and nothing needs to: every address of the page is on loopback. */
const NO_PROXY = 9;
/** The sample is 20 MB, its parts go two at a time: twice the life of an UploadAuth. */
const CONDITIONS = { stsLifeMs: 6000, uploadAuthLifeMs: 5000, partDelayMs: 1000 };

/** Registers the tests of an engine, by its name. */
export function suite(engine) {
  describe(engine, () => {
    const files = join(pictures, engine);
    let server;
    let browser;
    let close;

    before(async () => {
      await mkdir(files, { recursive: true });
      await buildAppServer();
      server = await startAppServer();
      ({ browser, close } = await launch(engine, NO_PROXY));
    });
    after(async () => {
      await close?.();
      await server?.stop();
    });
    beforeEach(async () => {
      await control(server.http, "POST", "reset");
      await control(server.http, "POST", "config", CONDITIONS);
      await browser.get(`${server.http}/`);
      await until("the page is ready", () => browser.executeScript("return 'ready' in document.body.dataset"));
    });

    const find = (id) => browser.findElement({ id });
    const notice = () => find("notice").getText();
    const lanes = async () => {
      const shown = await browser.executeScript(`return (${lanesOf})()`);
      return Object.fromEntries(shown.map((lane) => [lane.name, lane]));
    };
    const over = (shown) => Object.values(shown).every(({ state }) => ["stored", "failed", "hangs"].includes(state));

    async function until(what, done, ms = 60_000) {
      const end = Date.now() + ms;
      for (;;) {
        const value = await done();
        if (value) return value;
        if (Date.now() > end) assert.fail(`in vain: ${what}\n${JSON.stringify(await lanes(), null, 1)}`);
        await new Promise((settle) => setTimeout(settle, 200));
      }
    }

    async function picture(name) {
      await writeFile(join(pictures, `${engine}-${name}.png`), await browser.takeScreenshot(), "base64");
    }

    async function assertAccessible(when) {
      await browser.executeScript(axe);
      const found = await browser.executeAsyncScript(
        `const done = arguments[0]; axe.run().then(({ violations }) => done(violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html).join(" ; "))))`,
      );
      assert.deepEqual(found, [], `axe, ${when}`);
    }

    test("the button, by keyboard: the documented integration fails, upload-token stores the file", async () => {
      await assertAccessible("at rest");
      await find("sample").sendKeys(Key.ENTER);
      const shown = await until("both lanes end", async () => {
        const now = await lanes();
        return over(now) && now;
      });
      const { documented, "upload-token": ours } = shown;
      assert.match(documented.headline, /^Failed after \d+\.\d s: InvalidVideo\.NotFound$/);
      assert.match(documented.story.map(({ text }) => text).join(" "), /the object's name in place of the VideoId/);
      assert.match(ours.headline, /^Stored after \d+\.\d s$/);
      assert.deepEqual([ours.figures["refused, 403"], ours.figures["parts sent twice"]], ["0", "0"]);
      assert.ok(Number(ours.figures.UploadAuths) >= 2, `${ours.figures.UploadAuths} UploadAuths`);
      const outcome = () => find("outcome").getText();
      await until("the verdict is announced", async () => (await outcome()).includes("nothing sent twice"));
      assert.match(await outcome(), /As the vendor documents it: failed .* With upload-token: stored/);
      const objects = await control(server.http, "GET", "objects");
      assert.deepEqual(
        objects.map(({ size }) => size),
        [20_000_000],
        "one file is stored",
      );
      await picture("verdict");
      await assertAccessible("at the end");
    });

    test("files of one's own: chosen, left out, stopped, started again, stored", async () => {
      const bytes = randomBytes(5_000_000);
      const path = join(files, "own.mp4");
      await writeFile(path, bytes);
      await writeFile(join(files, "notes.txt"), "not a video");
      await find("start").click();
      assert.match(await notice(), /nothing to upload/);
      await find("files").sendKeys(`${path}\n${join(files, "notes.txt")}`);
      await until("the file is in the list", async () => (await lanes())["upload-token"].files.length === 1);
      assert.match(await notice(), /Left out.*notes\.txt/);

      await find("start").click();
      await until("the upload runs", async () =>
        /^uploading [1-9]/.test((await lanes())["upload-token"].files[0].text),
      );
      await find("stop").click();
      await until("the row says so", async () => (await lanes())["upload-token"].files[0].state === "stopped");
      assert.match(await notice(), /Stopped/);
      // The SDK ends the parts that were under way, and then says that the file is cancelled.
      await new Promise((settle) => setTimeout(settle, 2 * CONDITIONS.partDelayMs));
      for (const { name, files } of Object.values(await lanes())) assert.equal(files[0].state, "stopped", name);

      await find("start").click();
      const ours = await until("it is stored", async () => {
        const { "upload-token": ours } = await lanes();
        return ours.state === "stored" && ours;
      });
      assert.equal(ours.files[0].text, "stored");
      const sums = (await control(server.http, "GET", "objects")).map(({ sha256 }) => sha256);
      assert.ok(sums.includes(createHash("sha256").update(bytes).digest("hex")), "the stored bytes are the file's");
    });
  });
}
