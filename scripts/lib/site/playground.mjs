// The demo page as a folder of static files: its AppServer and its cloud run within its service worker.
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { Failure, root } from "../run.mjs";
import { localCloud } from "../local-cloud.mjs";

/** File of node_modules → its name beside the page, as the AppServer of `npm start` serves it. */
const VENDOR = {
  "aliyun-upload-vod/dist/aliyun-upload-vod.min.js": "aliyun-upload-vod.js",
  "aliyun-upload-vod/LICENSE": "LICENSE-aliyun-upload-vod",
  "ali-oss/dist/aliyun-oss-sdk.min.js": "aliyun-oss-sdk.js",
  "ali-oss/LICENSE": "LICENSE-ali-oss",
};

const SERVED =
  "Everything runs on this machine: a local cloud stands in for STS, VOD and OSS, and checks every signature.";
const STATIC =
  "Everything runs in this browser: behind the page there is no server. A local cloud in its service worker stands in " +
  "for STS, VOD and OSS, and checks every signature. It keeps files in memory, and they are gone soon after the page is " +
  "closed.";

/** Writes the page into the folder `into`. Expects the package and the local cloud to be built. */
export async function writePlayground(into) {
  await cp(join(root, "www"), into, { recursive: true });
  await cp(join(root, "www/network/in-worker.js"), join(into, "network/servers.js"));
  await cp(localCloud, join(into, "local-cloud"), { recursive: true });
  await mkdir(join(into, "dist"), { recursive: true });
  for (const name of await readdir(join(root, "dist"))) {
    if (name.endsWith(".js")) await cp(join(root, "dist", name), join(into, "dist", name));
  }
  for (const [file, name] of Object.entries(VENDOR)) {
    await cp(join(root, "node_modules", file), join(into, "vendor", name));
  }
  const page = join(into, "index.html");
  const served = await readFile(page, "utf8");
  const text = served.replace(new RegExp(SERVED.replaceAll(" ", "\\s+")), STATIC);
  if (text === served) throw new Failure("www/index.html no longer says where the demo runs: see playground.mjs");
  await writeFile(page, text);
}
