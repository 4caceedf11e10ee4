// Code in the documentation that is a file of examples/, which the consumers' suite runs: the two are the same.
import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { root } from "../../../scripts/lib/run.mjs";

/** A block whose first line names its file: "```vue examples/vue/src/App.vue". */
const BLOCK = /^(```\w+ (examples\/\S+)\n)([^]*?)^```$/gm;
const update = process.env.UPDATE_SNAPSHOTS === "1";

const names = (await readdir(join(root, "docs"))).filter((name) => name.endsWith(".md"));
/** By page, the blocks of this kind. */
const pages = new Map();
for (const name of names) {
  const path = join(root, "docs", name);
  let text = await readFile(path, "utf8");
  const blocks = [];
  for (const [block, fence, file, shown] of text.matchAll(BLOCK)) {
    const code = await readFile(join(root, file), "utf8");
    blocks.push({ file, code, shown: update ? code : shown });
    if (update) text = text.replace(block, () => `${fence}${code}\`\`\``);
  }
  if (update) await writeFile(path, text);
  pages.set(name, blocks);
}

for (const [name, blocks] of pages) {
  for (const { file, code, shown } of blocks) {
    test(`docs/${name} shows ${file} as it is`, () =>
      assert.equal(shown, code, "UPDATE_SNAPSHOTS=1 npm test -- docs writes it"));
  }
}

test("each framework, and tabs, have a page with the code of an example", () => {
  for (const name of ["vue.md", "react.md", "tabs.md"]) assert(pages.get(name)?.length > 0, name);
});
