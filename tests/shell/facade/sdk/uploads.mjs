// An uploader of the real SDK that writes to a cloud in this process.
import { createVodUploader, observe } from "upload-token/vod";

import { Cloud, sleep } from "./cloud.mjs";
import { Vod } from "./page.mjs";

export { sleep, Vod };
export { Cloud, vod } from "./cloud.mjs";

/** Bytes of a part. */
export const PART = 102_400;
const zeros = new Uint8Array(6 * PART);
let files = 0;

/** A file of `parts` parts; half a one is sent in one request. */
export function fileOf(name, parts = 2) {
  const type = name.endsWith(".png") ? "image/png" : "video/mp4";
  return new File([zeros.subarray(0, parts * PART)], name, { type, lastModified: ++files });
}

const CALLBACKS = ["onUploadstarted", "onUploadSucceed", "onUploadFailed", "onUploadCanceled", "onUploadEnd"];

/**
 * An uploader, and all that its page is told. `on` holds what the page does in a callback.
 *
 * @param options `cloud`: its settings; `on`; `tokens`, with which VOD is asked; and options of the uploader
 */
export function uploads({ cloud: settings, on = {}, tokens, ...options } = {}) {
  const cloud = new Cloud(settings);
  /** `started a`, `Succeed a`, `Failed a AccessDenied`, `End`. */
  const told = [];
  const callbacks = {};
  for (const name of CALLBACKS) {
    callbacks[name] = (info, code) => {
      const words = [name.replace("onUpload", ""), info?.file.name, typeof code === "string" ? code : undefined];
      told.push(words.filter(Boolean).join(" "));
      return on[name]?.(info, run);
    };
  }
  // The first file of a process has the module loaded within its deadline.
  const common = { partSize: PART, parallel: 1, deadline: 15_000 };
  const from = tokens ? { endpoint: `https://${cloud.bucket}.test` } : { uploadAuth: cloud.uploadAuth };
  const uploader = createVodUploader(Vod, tokens, { ...common, ...from, ...callbacks, ...options });
  const run = {
    cloud,
    told,
    uploader,
    store: observe(uploader),
    add(...names) {
      for (const name of names) uploader.addFile(fileOf(name), null, null, null, { Vod: { Title: name } });
      return run;
    },
    start() {
      uploader.startUpload();
      return run;
    },
    info: (name) => uploader.listFiles().find(({ file }) => file.name === name),
    status: (name) => run.store.getSnapshot().files.find((status) => status.name === name),
    states: () => Object.fromEntries(uploader.listFiles().map(({ file, state }) => [file.name, state])),
    /** Resolves when `test` holds; fails with what the page was told. By turns, not by a clock: machines sleep, and are busy. */
    async until(test, what = String(test)) {
      for (let turn = 0; !test(); turn++) {
        if (turn > 4000) throw new Error(`never: ${what}\n${told.join("\n")}\n${JSON.stringify(run.states())}`);
        await sleep(2);
      }
      return run;
    },
    ends: (...names) =>
      run.until(() => names.every((name) => run.info(name)?.state === "Success"), `${names} are stored`),
    hears: (words) => run.until(() => told.includes(words), words),
  };
  return run;
}
