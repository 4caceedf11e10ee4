// The page of "Getting started", put together as its steps say: files copied, page served, a file chosen.
import assert from "node:assert/strict";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { test } from "node:test";

import { build } from "esbuild";

import { buildAppServer, control, startAppServer } from "../../../scripts/lib/app-server.mjs";
import { launchChrome } from "../../../scripts/lib/chrome.mjs";
import { root } from "../../../scripts/lib/run.mjs";

const folder = join(root, ".cache/getting-started");

/** The first block of the page that begins with this fence. */
function block(text, fence) {
  const [, code] = text.split(`\n\`\`\`${fence}\n`);
  return code.slice(0, code.indexOf("\n```"));
}

test("whoever follows the steps has a page that stores a file", async () => {
  const text = await readFile(join(root, "docs/getting-started.md"), "utf8");
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, "vendor"), { recursive: true });
  for (const [, file] of block(text, "sh").matchAll(/^cp (\S+) public\/vendor\/$/gm)) {
    // The server has files of its own at `/vendor/`, of other names.
    await copyFile(join(root, file), join(folder, "vendor", basename(file)));
  }
  await writeFile(join(folder, "index.html"), block(text, "html page"));
  await writeFile(join(folder, "main.ts"), block(text, "ts"));
  await build({
    entryPoints: [join(folder, "main.ts")],
    outfile: join(folder, "main.js"),
    bundle: true,
    format: "esm",
    logLevel: "silent",
    alias: { "upload-token": join(root, "dist/index.js"), "upload-token/vod": join(root, "dist/vod.js") },
  });

  await buildAppServer();
  const server = await startAppServer({ www: folder, args: ["--listen-tls", "127.0.0.1:0"] });
  const { host } = new URL(server.https);
  const browser = await launchChrome({
    args: [`--host-resolver-rules=MAP * ${host}`, "--ignore-certificate-errors", "--disable-quic"],
  });
  try {
    const page = await browser.newPage();
    const errors = [];
    page.on("pageerror", ({ message }) => errors.push(message));
    await page.goto("https://app.test/");
    const buffer = Buffer.alloc(300_000, 7);
    await page.getByLabel("Video").setInputFiles({ name: "a.mp4", mimeType: "video/mp4", buffer });
    await page.getByText(/^a\.mp4 is stored as \S+$/).waitFor({ timeout: 30_000 });
    const objects = await control(server.http, "GET", "objects");
    assert.deepEqual(
      objects.map(({ size }) => size),
      [buffer.length],
    );
    assert.deepEqual(errors, []);
  } finally {
    await browser.close();
    await server.stop();
  }
});
