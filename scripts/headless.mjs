// `npm start -- --headless`: the demo page in a headless browser, and what the local cloud saw of it.
import { createHash, randomFillSync } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { control, startAppServer } from "./lib/app-server.mjs";
import { launchChrome } from "./lib/chrome.mjs";
import { lanesOf } from "./lib/demo-page.mjs";
import { Failure, root, say } from "./lib/run.mjs";

const SIZE = 20_000_000;
/** Both credentials live this long, so that the upload outlives several of each. */
const LIFE_S = 4;
/** Slows each part down, so that the upload takes about ten seconds on any machine. */
const PART_DELAY_MS = 1000;
const TIMEOUT_MS = 120_000;

/** Uploads one file through the demo page, in both lanes; throws unless ours is stored complete and equal. */
export async function demo() {
  const file = await generate();
  const server = await startAppServer();
  try {
    say(`demo       ${server.http}, ${SIZE / 1e6} MB, credentials live ${LIFE_S} s`);
    const lives = { stsLifeMs: LIFE_S * 1000, uploadAuthLifeMs: LIFE_S * 1000 };
    await control(server.http, "POST", "config", { ...lives, partDelayMs: PART_DELAY_MS });
    const lanes = await upload(server.http, file.path);
    const log = await control(server.http, "GET", "log");
    const objects = await control(server.http, "GET", "objects");
    console.log(`\n${requests(log)}\n`);
    for (const lane of lanes) console.log(`${outcome(lane)}\n`);
    verdict(lanes, objects, file);
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

/** Drives the page as a user would; resolves with what each lane shows in the end. */
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
    const ended = page.locator("[data-lane=upload-token]:is([data-state=stored], [data-state=failed])");
    await ended.waitFor({ timeout: TIMEOUT_MS });
    // What the vendor's own code throws in the other lane is that lane's news.
    const own = errors.filter((error) => !error.includes("UploadAddress is not defined"));
    if (own.length > 0) throw new Failure(`the page threw: ${own.join("; ")}`);
    return await page.evaluate(lanesOf);
  } finally {
    await browser.close();
  }
}

/** What the local cloud was asked by both lanes, as a few lines of text. */
function requests(log) {
  const counts = new Map();
  for (const { service, action, preflight, status } of log) {
    const name = `${service} ${preflight ? "preflight" : action}${status === 403 ? ", refused" : ""}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const lines = [...counts].map(([name, count]) => `  ${name.padEnd(34)} ${String(count).padStart(5)}`);
  return ["requests of both lanes", ...lines].join("\n");
}

/** What a lane says of itself. */
function outcome({ title, headline, figures, story }) {
  const numbers = Object.entries(figures).map(([name, figure]) => `  ${name.padEnd(34)} ${figure.padStart(5)}`);
  return [`${title}: ${headline}`, ...numbers, ...story.map(({ at, text }) => `  ${at.padStart(7)}  ${text}`)].join(
    "\n",
  );
}

function verdict(lanes, objects, file) {
  const { state, figures } = lanes.find(({ name }) => name === "upload-token");
  const stored = objects.find(({ sha256 }) => sha256 === file.sha256);
  console.log(`  sent    sha256 ${file.sha256}\n  stored  sha256 ${stored?.sha256 ?? "nothing equal"}\n`);
  if (state !== "stored") throw new Failure("upload-token did not finish the upload");
  if (!stored) throw new Failure("no stored object is the file");
  if (figures["parts sent twice"] !== "0") throw new Failure("upload-token sent parts twice");
  console.log("  the stored object is complete and equal to the file");
}
