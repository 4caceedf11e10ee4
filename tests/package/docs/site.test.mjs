// The documentation as a site: `npm run site`. That its links lead somewhere is part of the build.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { after, before, test } from "node:test";

import { launchChrome } from "../../../scripts/lib/chrome.mjs";
import { root } from "../../../scripts/lib/run.mjs";
import { deadLinks } from "../../../scripts/lib/site/links.mjs";
import { buildSite } from "../../../scripts/site.mjs";

const built = join(root, ".cache/site-built");
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };

let server;
let browser;

before(
  async () => {
    await buildSite(built);
    server = createServer(async ({ url }, response) => {
      const path = join(built, url === "/" ? "index.html" : new URL(url, "http://a").pathname);
      if (!existsSync(path)) return response.writeHead(404).end();
      response.setHeader("content-type", TYPES[extname(path)] ?? "application/octet-stream");
      response.end(await readFile(path));
    });
    await new Promise((done) => server.listen(0, "127.0.0.1", done));
    browser = await launchChrome();
  },
  { timeout: 180_000 },
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
