// What is in the tarball, and nothing else.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join, posix } from "node:path";
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

test("every link of its pages leads somewhere, also from where it is installed", async () => {
  const { files } = await packed();
  const installed = join(project, "node_modules/upload-token");
  const pages = files.map(({ path }) => path).filter((path) => path.endsWith(".md"));
  assert(pages.length >= 5);
  const texts = Object.fromEntries(
    await Promise.all(pages.map(async (path) => [path, await readFile(join(installed, path), "utf8")])),
  );
  const anchors = (text) =>
    [...text.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\d _-]/gu, "")
        .replaceAll(" ", "-"),
    );
  const wrong = [];
  for (const [page, text] of Object.entries(texts)) {
    for (const [, link] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(link)) continue;
      const [path, anchor] = link.split("#");
      const target = path === "" ? page : posix.join(posix.dirname(page), path);
      const there = files.some((file) => file.path === target);
      if (!there || (anchor && !anchors(texts[target] ?? "").includes(anchor))) wrong.push(`${page}: ${link}`);
    }
  }
  assert.deepEqual(wrong, []);
});
