// What of the demo page only Chromium's tools can bring about: dark mode, narrow screens, folders, the clipboard.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";

import { buildAppServer, control, startAppServer } from "../../../scripts/lib/app-server.mjs";
import { launchChrome } from "../../../scripts/lib/chrome.mjs";
import { lanesOf } from "../../../scripts/lib/demo-page.mjs";
import { root } from "../../../scripts/lib/run.mjs";

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const pictures = join(root, ".cache/demo");

describe("the demo page", () => {
  let server;
  let browser;
  let page;
  const errors = [];

  before(async () => {
    await mkdir(pictures, { recursive: true });
    await buildAppServer();
    server = await startAppServer();
    browser = await launchChrome();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });
  beforeEach(async () => {
    await page?.context().close();
    await control(server.http, "POST", "reset");
  });

  async function open(conditions = {}, options = {}) {
    await control(server.http, "POST", "config", { stsLifeMs: 8000, uploadAuthLifeMs: 6000, ...conditions });
    const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options });
    page = await context.newPage();
    errors.length = 0;
    page.on("pageerror", (error) => errors.push(String(error)));
    await page.goto(`${server.http}/`);
    await page.locator("body[data-ready]").waitFor();
  }

  const lane = (name) => page.locator(`[data-lane=${name}]`);
  const state = (name, ...states) =>
    lane(name)
      .and(page.locator(states.map((word) => `[data-state=${word}]`).join(", ")))
      .waitFor({ timeout: 60_000 });
  const ours = async () => (await page.evaluate(lanesOf)).find(({ name }) => name === "upload-token");

  async function assertAccessible(when) {
    await page.addScriptTag({ path: axe });
    const found = await page.evaluate(async () => {
      const { violations } = await globalThis.axe.run();
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ; ")}`);
    });
    assert.deepEqual(found, [], `axe, ${when}`);
  }

  for (const colorScheme of ["light", "dark"]) {
    test(`320 pixels wide, ${colorScheme}, without motion: nothing scrolls sideways, a failure is readable`, async () => {
      await open({ partDelayMs: 300 }, { viewport: { width: 320, height: 700 }, colorScheme, reducedMotion: "reduce" });
      await page.selectOption("[name=appServer]", "html");
      await page.click("#sample");
      // The button takes every fault back.
      assert.equal(await page.inputValue("[name=appServer]"), "works");
      await page.click("#stop");
      await page.getByRole("button", { name: "Refused before its time" }).click();
      await state("upload-token", "stored");
      await state("documented", "stored", "failed");
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= 320, `${width} px wide`);
      assert.deepEqual(errors, []);
      const moving = await page.evaluate(() =>
        document.getAnimations().map(({ effect }) => effect.target.outerHTML.slice(0, 80)),
      );
      assert.deepEqual(moving, []);
      await assertAccessible(colorScheme);
      await page.screenshot({ path: join(pictures, `narrow-${colorScheme}.png`), fullPage: true });
    });
  }

  test("an AppServer that is down: one lane hangs and says so, the other waits and goes on", async () => {
    await open({ partDelayMs: 100 });
    await page.setInputFiles("#files", { name: "a.mp4", mimeType: "video/mp4", buffer: Buffer.alloc(2_000_000, 7) });
    await page.selectOption("[name=appServer]", "down");
    await page.click("#start");
    await lane("upload-token")
      .getByText(/No new STS token.*upload-token asks again in/)
      .first()
      .waitFor();
    await state("documented", "hangs");
    await lane("documented")
      .getByText(/Hangs: no callback for/)
      .waitFor();
    await page.getByRole("status").filter({ hasText: "As the vendor documents it: hangs" }).waitFor();
    await page.selectOption("[name=appServer]", "works");
    await state("upload-token", "stored");
    assert.equal(await lane("documented").getAttribute("data-state"), "hangs");
    assert.deepEqual(errors, []);
  });

  test("no network: the file fails in both lanes, and Try again goes on", async () => {
    await open({ partDelayMs: 2500 });
    await page.setInputFiles("#files", { name: "a.mp4", mimeType: "video/mp4", buffer: Buffer.alloc(6_000_000, 7) });
    await page.click("#start");
    await page.waitForFunction(() => document.querySelector("[data-lane=upload-token] progress").value > 0.2);
    await page.check("[name=offline]");
    await state("upload-token", "failed");
    assert.match((await ours()).headline, /RequestError/);
    await page.uncheck("[name=offline]");
    await lane("upload-token").getByRole("button", { name: "Try again: a.mp4" }).click();
    await state("upload-token", "stored");
    assert.deepEqual(errors, []);
  });

  test("Cancel ends the row and the upload", async () => {
    await open({ partDelayMs: 2500 });
    await page.setInputFiles("#files", { name: "a.mp4", mimeType: "video/mp4", buffer: Buffer.alloc(6_000_000, 7) });
    await page.click("#start");
    await page.waitForFunction(() => document.querySelector("[data-lane=upload-token] progress").value > 0);
    await lane("upload-token").getByRole("button", { name: "Cancel: a.mp4" }).click();
    const row = lane("upload-token").locator("[data-file]");
    await row.getByText("canceled").waitFor();
    assert.equal(await row.getByRole("button", { name: /Cancel/ }).count(), 0);
    await page.getByRole("button", { name: "Clear both lists" }).click();
    await page.waitForFunction(() => document.querySelectorAll("[data-file]").length === 0);
    // The lists are emptied at once, the headline with the next picture.
    await lane("upload-token").getByText("Not started").waitFor();
  });

  test("a dropped folder: its videos and images, and no other file", async (t) => {
    await open({ partDelayMs: 0 });
    const folder = await mkdtemp(join(tmpdir(), "upload-token-demo-"));
    t.after(() => rm(folder, { recursive: true }));
    await mkdir(join(folder, "within"));
    await writeFile(join(folder, "a.mp4"), Buffer.alloc(300_000, 1));
    await writeFile(join(folder, "within/b.jpg"), Buffer.alloc(200_000, 2));
    await writeFile(join(folder, "within/notes.txt"), "not a video");
    const devtools = await page.context().newCDPSession(page);
    // Beside the zone: the whole page takes drops.
    const drop = { x: 30, y: 30, data: { items: [], files: [folder], dragOperationsMask: 1 } };
    for (const type of ["dragEnter", "dragOver", "drop"]) {
      await devtools.send("Input.dispatchDragEvent", { type, ...drop });
    }
    await page.getByRole("status").filter({ hasText: "notes.txt" }).waitFor();
    assert.deepEqual((await ours()).files.map(({ name }) => name).sort(), ["a.mp4", "b.jpg"]);
    await page.click("#start");
    await state("upload-token", "stored");
    assert.equal((await ours()).files.filter(({ state }) => state === "stored").length, 2);
  });

  test("the log can be copied, and holds no secret", async () => {
    await open({ partDelayMs: 50 }, { permissions: ["clipboard-read", "clipboard-write"] });
    await page.setInputFiles("#files", { name: "a.mp4", mimeType: "video/mp4", buffer: Buffer.alloc(1_000_000, 7) });
    await page.click("#start");
    await state("upload-token", "stored");
    await page.click("#copy");
    await page.getByRole("status").filter({ hasText: "copied" }).waitFor();
    const text = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(text, /upload-token {2}a\.mp4 is stored\./);
    assert.doesNotMatch(text, /CAIS|SecurityToken|STS\./);
  });
});
