// `npm start -- --headless`: the demo page in a headless browser, and what the local cloud saw of it.
import { createHash, randomFillSync } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { control, startAppServer } from "./lib/app-server.mjs";
import { launchChrome } from "./lib/chrome.mjs";
import { Failure, root, say } from "./lib/run.mjs";

const MEGABYTE = 1024 * 1024;
const SIZE = 20 * MEGABYTE;
/** Both credentials live this long, so that the upload outlives several of each. */
const LIFE_S = 4;
/** Slows each part down, so that the upload takes about twelve seconds on any machine. */
const PART_DELAY_MS = 3000;
const TIMEOUT_MS = 120_000;

/** Uploads one file through the demo page; throws unless the stored object is complete and equal. */
export async function demo() {
  const file = await generate();
  const server = await startAppServer();
  try {
    say(`demo       ${server.http}, ${SIZE / MEGABYTE} MB, tokens live ${LIFE_S} s`);
    const lives = { stsLifeMs: LIFE_S * 1000, uploadAuthLifeMs: LIFE_S * 1000 };
    await control(server.http, "POST", "config", { ...lives, partDelayMs: PART_DELAY_MS });
    const state = await upload(server.http, file.path);
    const log = await control(server.http, "GET", "log");
    const objects = await control(server.http, "GET", "objects");
    say(`demo       the page says: ${state}`);
    console.log(`\n${trace(log)}\n`);
    verdict(state, objects, file);
  } finally {
    await server.stop();
  }
}

async function generate() {
  const bytes = randomFillSync(Buffer.alloc(SIZE));
  const path = join(root, ".cache/headless/generated.mp4");
  await mkdir(join(root, ".cache/headless"), { recursive: true });
  await writeFile(path, bytes);
  return { path, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** Drives the page as a user would; resolves with the file's final state, as the page shows it. */
async function upload(http, path) {
  const browser = await launchChrome();
  try {
    const page = await browser.newPage();
    const errors = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    await page.goto(`${http}/`);
    await page.locator("body[data-ready]").waitFor({ timeout: 30_000 });
    await page.setInputFiles("#files", path);
    await page.click("#start");
    const row = page.locator("[data-file]").first();
    await row.and(page.locator("[data-state=done], [data-state=failed]")).waitFor({ timeout: TIMEOUT_MS });
    if (errors.length > 0) throw new Failure(`the page threw: ${errors.join("; ")}`);
    return await row.getAttribute("data-state");
  } finally {
    await browser.close();
  }
}

/** What the local cloud was asked, as a few lines of text. */
function trace(log) {
  const counts = new Map();
  for (const { service, action, preflight } of log) {
    const name = `${service} ${preflight ? "preflight" : action}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const lines = [...counts].map(([name, count]) => `  ${name.padEnd(34)} ${String(count).padStart(5)}`);

  const parts = log.filter(({ action, status }) => action === "UploadPart" && status === 200);
  const distinct = new Set(parts.map(({ uploadId, partNumber }) => `${uploadId} ${partNumber}`));
  const count = (wanted) => log.filter(wanted).length;
  const figures = [
    ["STS tokens handed out", count(({ action, status }) => action === "AssumeRole" && status === 200)],
    ["UploadAuth refreshes", count(({ action, status }) => action === "RefreshUploadVideo" && status === 200)],
    ["answers with status 403", count(({ status }) => status === 403)],
    ["parts sent twice", parts.length - distinct.size],
    ["bytes of parts sent", parts.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0)],
  ];
  const summary = figures.map(([name, figure]) => `  ${name.padEnd(34)} ${String(figure).padStart(11)}`);
  return ["requests", ...lines, "outcome", ...summary].join("\n");
}

function verdict(state, objects, file) {
  const stored = objects.find(({ size }) => size === SIZE) ?? objects[0];
  console.log(`  sent    sha256 ${file.sha256}\n  stored  sha256 ${stored?.sha256 ?? "nothing"}\n`);
  if (state !== "done") throw new Failure("the page did not finish the upload");
  if (stored?.sha256 !== file.sha256) throw new Failure("the stored object is not the file");
  console.log("  the stored object is complete and equal to the file");
}
