// `npm start -- --record`: the README's picture, made of the real page in a headless browser.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import gifenc from "gifenc";
import { PNG } from "pngjs";

import { control, startAppServer } from "./lib/app-server.mjs";
import { launchChrome } from "./lib/chrome.mjs";
import { lanesOf } from "./lib/demo-page.mjs";
import { Failure, root, say } from "./lib/run.mjs";

const { applyPalette, GIFEncoder, quantize } = gifenc;

const ANIMATED = "docs/demo.gif";
const STILL = "docs/demo.png";
const MOST_BYTES = 1_000_000;
/** More than the page takes once it has a file; what it leaves free is cut off. */
const VIEWPORT = { width: 1060, height: 1600 };
const MARGIN = 12;
/** Times between two pictures, and how long the last one stays. */
const FRAME_MS = 400;
const LAST_MS = 5000;
/** The whole run, on any machine: it takes some twelve seconds. */
const TIMEOUT_MS = 60_000;
const COLOURS = 64;

/** Runs the page once and writes both pictures. */
export async function record() {
  const server = await startAppServer();
  try {
    await control(server.http, "POST", "reset");
    const { frames, still, height } = await film(server.http);
    const gif = encode(frames, height);
    if (gif.length > MOST_BYTES) throw new Failure(`the picture has ${gif.length} bytes, of at most ${MOST_BYTES}`);
    await mkdir(join(root, "docs"), { recursive: true });
    await writeFile(join(root, ANIMATED), gif);
    await writeFile(join(root, STILL), still);
    say(`record     ${ANIMATED}, ${frames.length} pictures, ${Math.round(gif.length / 1000)} kB; ${STILL}`);
  } finally {
    await server.stop();
  }
}

/** Presses the button and looks until both lanes have ended. */
async function film(http) {
  const browser = await launchChrome();
  try {
    const page = await browser.newPage({ viewport: VIEWPORT, colorScheme: "light" });
    await page.goto(`${http}/`);
    await page.locator("body[data-ready]").waitFor({ timeout: 30_000 });
    const y = Math.floor((await page.locator(".go").boundingBox()).y) - MARGIN;
    const look = (height = VIEWPORT.height - y) => page.screenshot({ clip: { ...VIEWPORT, x: 0, y, height } });
    const frames = [{ at: performance.now(), png: await look() }];
    await page.click("#sample");
    const end = Date.now() + TIMEOUT_MS;
    const over = () => page.locator("[data-lane]:is([data-state=stored], [data-state=failed])").count();
    while ((await over()) < 2) {
      if (Date.now() > end) throw new Failure("the two lanes did not end in time");
      await sleep(FRAME_MS);
      frames.push({ at: performance.now(), png: await look() });
    }
    // The verdict is announced at the next look.
    await sleep(2 * FRAME_MS);
    const [, ours] = await page.evaluate(lanesOf);
    const { "refused, 403": refused, "parts sent twice": twice } = ours.figures;
    // Requests that wait for the processor are sent after their credential's end: a picture of the machine, not of the page.
    if (ours.state !== "stored" || refused !== "0" || twice !== "0")
      throw new Failure("the machine is too busy for a picture");
    const chart = await page.locator("#timeline").locator("..").boundingBox();
    const height = Math.ceil(chart.y + chart.height) + MARGIN - y;
    const still = await look(height);
    frames.push({ at: performance.now(), png: still });
    return { frames, still, height };
  } finally {
    await browser.close();
  }
}

/** An animated GIF, of so many rows, in which each picture holds only what has changed. */
function encode(frames, height) {
  const { width } = VIEWPORT;
  const pictures = frames.map(({ png }) => PNG.sync.read(png).data.subarray(0, 4 * width * height));
  // Of the last picture, which has every colour that means something; the last index is left for "as before".
  const palette = quantize(pictures.at(-1), COLOURS - 1);
  const transparentIndex = palette.length;
  const colours = [...palette, [0, 0, 0]];
  const gif = GIFEncoder();
  let before;
  pictures.forEach((data, index) => {
    const pixels = applyPalette(data, palette);
    const changed = before ? pixels.map((pixel, at) => (pixel === before[at] ? transparentIndex : pixel)) : pixels;
    const next = frames[index + 1];
    const delay = next ? Math.round(next.at - frames[index].at) : LAST_MS;
    gif.writeFrame(changed, width, height, {
      ...(before ? { transparent: true, transparentIndex } : { palette: colours }),
      delay,
      dispose: 1,
    });
    before = pixels;
  });
  gif.finish();
  return gif.bytes();
}
