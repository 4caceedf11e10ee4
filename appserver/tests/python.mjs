// Python with the vendor's SDK, installed where nothing else is touched.
import { existsSync } from "node:fs";
import { join } from "node:path";

import { root, run } from "../../scripts/lib/run.mjs";

const SDK = "alibabacloud_sts20150401==1.2.0";

/** Resolves with the path of a Python that has the SDK. */
export async function ensurePython() {
  const place = join(root, ".cache/python");
  const python = join(place, "bin/python");
  const installed = join(place, `installed-${SDK}`);
  if (existsSync(installed)) return python;
  await run("python3", ["-m", "venv", place]);
  await run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", SDK]);
  const { writeFileSync } = await import("node:fs");
  writeFileSync(installed, "");
  return python;
}
