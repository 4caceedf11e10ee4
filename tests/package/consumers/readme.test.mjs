// The README's first block, as it stands, is a page: in a fresh project of Vite, served and built.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { root } from "../../../scripts/lib/run.mjs";
import { openExamples, visit, written } from "./example.mjs";

const HTML = `<!doctype html>
<title>fresh</title>
<link rel="icon" href="data:," />
<script src="/__cloud/page.js"></script>
<body>
  <script type="module" src="/main.js"></script>
</body>
`;

let browser;
before(async () => {
  browser = await openExamples();
});
after(() => browser?.close());

for (const [how, start] of [
  ["served", "vite"],
  ["built", "vite build && vite preview"],
]) {
  test(`the first block of the README, ${how}, uploads`, { timeout: 120_000 }, async () => {
    const readme = await readFile(join(root, "README.md"), "utf8");
    const [, block] = /^```js\n([^]*?)^```$/m.exec(readme);
    const made = await written(`readme-${how}`, {
      "package.json": JSON.stringify({ private: true, type: "module", scripts: { start } }),
      "index.html": HTML,
      "main.js": block,
      // Where the AppServer and the local cloud are.
      "vite.config.js": await readFile(join(root, "examples/upload-auth/vite.config.js"), "utf8"),
    });
    await visit(browser, made, {}, async (visited) => {
      await visited.page.waitForSelector("input");
      const sum = await visited.choose(2 << 20);
      await visited.page.getByText(/stored as \w{32}/).waitFor();
      assert.deepEqual(await visited.stored(), [sum]);
    });
  });
}
