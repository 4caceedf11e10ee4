// Python with the vendor's SDK, installed where nothing else is touched.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { exclusively } from "../../scripts/lib/lock.mjs";
import { root, run } from "../../scripts/lib/run.mjs";

const SDK = "alibabacloud_sts20150401==1.2.0";

/** Resolves with the path of a Python that has the SDK. */
export async function ensurePython() {
  const place = join(root, ".cache/python");
  const python = join(place, "bin/python");
  const installed = join(place, `installed-${SDK}`);
  await exclusively("python", async () => {
    if (existsSync(installed)) return;
    await run("python3", ["-m", "venv", place]);
    await run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", SDK]);
    writeFileSync(installed, "");
  });
  return python;
}
