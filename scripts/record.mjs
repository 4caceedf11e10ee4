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
const WIDTH = 1060;
/** Times between two pictures, and how long the last one stays. */
const FRAME_MS = 400;
const LAST_MS = 5000;
/** The whole run, on any machine: it takes some twelve seconds. */
const TIMEOUT_MS = 60_000;
const COLOURS = 64;
/** By how much the page is longer once it has a file, in pixels. */
const GROWS = 90;

/** Runs the page once and writes both pictures. */
export async function record() {
  const server = await startAppServer();
  try {
    await control(server.http, "POST", "reset");
    const { frames, still } = await film(server.http);
    const gif = encode(frames);
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
    const page = await browser.newPage({ viewport: { width: WIDTH, height: 1200 }, colorScheme: "light" });
    await page.goto(`${http}/`);
    await page.locator("body[data-ready]").waitFor({ timeout: 30_000 });
    const clip = await page.evaluate((grows) => {
      const bottom = document.querySelector("#timeline").parentElement.getBoundingClientRect().bottom;
      const top = document.querySelector(".go").getBoundingClientRect().top;
      return { x: 0, y: Math.floor(top) - 12, width: innerWidth, height: Math.ceil(bottom - top) + grows };
    }, GROWS);
    const frames = [{ at: performance.now(), png: await page.screenshot({ clip }) }];
    await page.click("#sample");
    const end = Date.now() + TIMEOUT_MS;
    const over = () => page.locator("[data-lane]:is([data-state=stored], [data-state=failed])").count();
    while ((await over()) < 2) {
      if (Date.now() > end) throw new Failure("the two lanes did not end in time");
      await sleep(FRAME_MS);
      frames.push({ at: performance.now(), png: await page.screenshot({ clip }) });
    }
    // The verdict is announced at the next look.
    await sleep(2 * FRAME_MS);
    const [, ours] = await page.evaluate(lanesOf);
    const { "refused, 403": refused, "parts sent twice": twice } = ours.figures;
    // Requests that wait for the processor are sent after their credential's end: a picture of the machine, not of the page.
    if (ours.state !== "stored" || refused !== "0" || twice !== "0")
      throw new Failure("the machine is too busy for a picture");
    const still = await page.screenshot({ clip });
    frames.push({ at: performance.now(), png: still });
    return { frames, still };
  } finally {
    await browser.close();
  }
}

/** An animated GIF in which each picture holds only what has changed. */
function encode(frames) {
  const pictures = frames.map(({ png }) => PNG.sync.read(png));
  const { width, height } = pictures[0];
  // Of the last picture, which has every colour that means something; the last index is left for "as before".
  const palette = quantize(pictures.at(-1).data, COLOURS - 1);
  const transparentIndex = palette.length;
  const colours = [...palette, [0, 0, 0]];
  const gif = GIFEncoder();
  let before;
  pictures.forEach(({ data }, index) => {
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
