// The documentation as a site: `npm run site`. That its links lead somewhere is part of the build.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { after, before, describe, test } from "node:test";

import { launchChrome } from "../../../scripts/lib/chrome.mjs";
import { lanesOf } from "../../../scripts/lib/demo-page.mjs";
import { root } from "../../../scripts/lib/run.mjs";
import { deadLinks } from "../../../scripts/lib/site/links.mjs";
import { buildSite } from "../../../scripts/site.mjs";

const built = join(root, ".cache/site-built");
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };

/** What the file server was asked for. */
const asked = [];
let server;
let browser;

before(
  async () => {
    await buildSite(built);
    server = createServer(async ({ method, url }, response) => {
      asked.push(`${method} ${url}`);
      const path = join(built, new URL(url, "http://a").pathname.replace(/\/$/, "/index.html"));
      if (!existsSync(path)) return response.writeHead(404).end();
      response.setHeader("content-type", TYPES[extname(path)] ?? "application/octet-stream");
      response.end(await readFile(path));
    });
    await new Promise((done) => server.listen(0, "127.0.0.1", done));
    browser = await launchChrome();
  },
  // The local cloud for wasm32 is built here if nothing has built it.
  { timeout: 900_000 },
);

after(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
});

test("it has every page of docs/ and every entry of the package", async () => {
  const names = (await readdir(join(root, "docs"))).filter((name) => name.endsWith(".md"));
  for (const name of names) assert(existsSync(join(built, name.replace(".md", ".html"))), name);
  const { exports } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  // One that has no code says what another package exports.
  const entries = Object.keys(exports).filter((name) => exports[name].types && Object.keys(exports[name]).length > 1);
  assert(entries.includes("./vod"));
  const overview = await readFile(join(built, "index.html"), "utf8");
  for (const entry of entries) assert(overview.includes(`>${join("upload-token", entry)}<`), entry);
});

test("a reader finds an option by its name, and comes to its paragraph", async () => {
  const page = await browser.newPage();
  const wrong = [];
  page.on("pageerror", ({ message }) => wrong.push(message));
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.getByRole("button", { name: "Search" }).first().click();
  await page.getByRole("searchbox").fill("sharedSource");
  const found = page.locator("#localsearch-list a").first();
  await found.click();
  await page.waitForURL(/(tabs|api)/);
  await page.getByText("sharedSource").first().waitFor();
  assert.deepEqual(wrong, []);
});

describe("the playground", () => {
  let page;
  const errors = [];
  const state = (name) => page.locator(`[data-lane=${name}]`).getAttribute("data-state");
  const stored = () => page.locator("[data-lane=upload-token][data-state=stored]").waitFor({ timeout: 60_000 });
  const cloud = (path, init) =>
    page.evaluate(async ([path, init]) => (await fetch(`/__control/${path}`, init)).json(), [path, init]);
  const send = (bytes) => page.setInputFiles("#files", { name: "a.mp4", mimeType: "video/mp4", buffer: bytes });

  before(async () => {
    page = await browser.newPage();
    page.on("pageerror", ({ message }) => errors.push(message));
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    await page.getByRole("link", { name: "Playground" }).first().click();
    await page.locator("body[data-ready]").waitFor({ timeout: 30_000 });
    await cloud("config", {
      method: "POST",
      body: JSON.stringify({ stsLifeMs: 4000, uploadAuthLifeMs: 4000, partDelayMs: 900 }),
    });
  });
  after(() => page.close());

  test("an upload outlives its credentials, is stored whole, and no server but that of the files is asked", async () => {
    const bytes = randomBytes(14_000_000);
    await send(bytes);
    await page.click("#start");
    await stored();
    const lanes = await page.evaluate(lanesOf);
    const { figures } = lanes.find(({ name }) => name === "upload-token");
    assert.equal(figures["parts sent twice"], "0");
    assert.equal(figures["refused, 403"], "0");
    assert(Number(figures.UploadAuths) > 1, `${figures.UploadAuths} UploadAuths`);
    const objects = await cloud("objects");
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    assert(
      objects.some((object) => object.sha256 === sha256),
      JSON.stringify(objects),
    );
    // The other lane's credential ended too, which the cloud in the worker does not let pass.
    assert.equal(await state("documented"), "failed");
    const log = await cloud("log");
    assert(log.some(({ service, action, status }) => service === "sts" && action === "AssumeRole" && status === 200));
    assert(log.some(({ code }) => code === "SecurityTokenExpired"));
    assert.deepEqual(
      asked.filter((line) => !line.startsWith("GET ") || /\/(api\/sts|__control|__cloud)/.test(line)),
      [],
    );
    assert.deepEqual(
      errors.filter((error) => !error.includes("UploadAddress is not defined")),
      [],
    );
  });

  test("what can be made to go wrong goes wrong: an AppServer that is down, and a part that is refused", async () => {
    await page.click("#clear");
    await page.getByRole("status").filter({ hasText: "Both lists are empty" }).waitFor();
    await page.selectOption("[name=appServer]", "down");
    await send(randomBytes(3_000_000));
    await page.click("#start");
    await page
      .getByText(/No new STS token.*upload-token asks again in/)
      .first()
      .waitFor();
    await page.selectOption("[name=appServer]", "works");
    await page.click("#refuse");
    await stored();
    const { figures } = (await page.evaluate(lanesOf)).find(({ name }) => name === "upload-token");
    assert.equal(figures["refused, 403"], "1");
  });

  test("a cloud that hangs or hangs up: the page can go on", async () => {
    const settings = (partDelayMs) => cloud("config", { method: "POST", body: JSON.stringify({ partDelayMs }) });
    await settings(0);
    await cloud("faults", { method: "POST", body: JSON.stringify({ service: "sts", hang: true }) });
    const given = await page.evaluate(async () => {
      const signal = AbortSignal.timeout(300);
      return fetch("https://sts.aliyuncs.com/?Action=AssumeRole", { signal }).then(String, ({ name }) => name);
    });
    assert.equal(given, "TimeoutError");
    const { status } = await page.evaluate(async () => {
      const { status } = await fetch("https://sts.aliyuncs.com/?Action=AssumeRole");
      return { status };
    });
    assert.equal(status, 400, "the next is answered");
    const calls = (await cloud("log")).filter(({ action, code }) => action === "AssumeRole" && code === "Hung");
    assert.equal(calls.length, 1);
    await cloud("faults", { method: "POST", body: JSON.stringify({ service: "sts", drop: true }) });
    const dropped = await page.evaluate(() =>
      fetch("https://sts.aliyuncs.com/?Action=AssumeRole").then(String, String),
    );
    assert.match(dropped, /Failed to fetch/);
  });
});

test("a link that leads nowhere is found", async () => {
  const folder = join(root, ".cache/site-links");
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const good = '<a href="/b.html#there">b</a> <a class="x" href="./b">b</a> <a href="https://a.example/">a</a>';
  await writeFile(join(folder, "index.html"), `${good} <a href="/c.html">c</a> <a href="/b.html#gone">b</a>`);
  await writeFile(join(folder, "b.html"), '<h2 id="there">b</h2> <a href="#gone">b</a> <img alt="" src="/d.svg">');
  assert.deepEqual(await deadLinks(folder), [
    "b.html: #gone",
    "b.html: /d.svg",
    "index.html: /c.html",
    "index.html: /b.html#gone",
  ]);
});
