// Texts that are kept under tests/package/snapshots/ and change only on purpose.
import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { root } from "./packed.mjs";

/** Compares `text` with the snapshot `name`; with `UPDATE_SNAPSHOTS=1` it becomes the snapshot. */
export async function matches(name, text) {
  const file = join(root, "tests/package/snapshots", name);
  if (process.env.UPDATE_SNAPSHOTS === "1") {
    await mkdir(dirname(file), { recursive: true });
    return writeFile(file, text);
  }
  const kept = await readFile(file, "utf8").catch(() => "");
  assert.equal(text, kept, `${name} differs; if that is wanted: UPDATE_SNAPSHOTS=1 npm test -- package`);
}
