// What is in the tarball, and nothing else.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { packed, project } from "./packed.mjs";
import { matches } from "./snapshot.mjs";

test("the tarball holds the files that are listed", async () => {
  const { files } = await packed();
  const names = files.map(({ path }) => path.replace(/shared-[0-9A-Z]{8}\.js$/, "shared-HASH.js"));
  await matches("package-files.txt", `${names.sort().join("\n")}\n`);
});

test("no file of the tarball names a folder of the machine that made it, or a source that is not in it", async () => {
  const { files } = await packed();
  assert(files.length > 10);
  for (const { path } of files) {
    const text = await readFile(join(project, "node_modules/upload-token", path), "latin1");
    assert.doesNotMatch(text, /\/(root|home|Users|tmp)\/[\w.]|\.cargo\/registry|\.rustup/, path);
    assert.doesNotMatch(text, /^\/\/# sourceMappingURL=/m, path);
  }
});

test("every file that package.json points at is there, and nothing is installed with it", async () => {
  const { files } = await packed();
  const manifest = JSON.parse(await readFile(join(project, "node_modules/upload-token/package.json"), "utf8"));
  const targets = (value) => (typeof value === "string" ? [value] : Object.values(value).flatMap(targets));
  const there = new Set(files.map(({ path }) => `./${path}`));
  const { main, types, unpkg, jsdelivr, exports } = manifest;
  for (const target of [main, types, unpkg, jsdelivr, ...targets(exports)]) assert(there.has(target), target);
  assert.equal(manifest.dependencies, undefined);
  assert.equal(manifest.sideEffects, false);
  for (const script of ["preinstall", "install", "postinstall", "prepare"]) {
    assert.equal(manifest.scripts[script], undefined);
  }
});
