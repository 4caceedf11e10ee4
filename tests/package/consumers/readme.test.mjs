// What the README and "Getting started" say is a page: in a fresh project of Vite, as it stands there.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
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

test("whoever follows Getting started has a page that stores a file", { timeout: 120_000 }, async () => {
  const text = await readFile(join(root, "docs/getting-started.md"), "utf8");
  const block = (fence) => new RegExp(`^\`\`\`${fence}\\n([^]*?)^\`\`\`$`, "m").exec(text)[1];
  const copies = [...block("sh").matchAll(/^cp (\S+) (public\/vendor\/)$/gm)];
  const vendor = copies.map(async ([, file, to]) => [to + basename(file), await readFile(join(root, file), "utf8")]);
  // Where the local cloud is, and another address of the AppServer.
  const config = block("js vite.config.js").replace(/"\/api": {(.*?)"http[^"]*"(.*?)}/, (_, before, after) => {
    const there = `{${before}process.env.APP_SERVER${after}}`;
    return `"/api": ${there}, "/__cloud": ${there}`;
  });
  const made = await written("getting-started", {
    "package.json": JSON.stringify({ private: true, type: "module", scripts: { start: "vite" } }),
    "index.html": block("html page").replace("<head>", '<head><script src="/__cloud/page.js"></script>'),
    "main.ts": block("ts"),
    "vite.config.js": config,
    ...Object.fromEntries(await Promise.all(vendor)),
  });
  await visit(browser, made, {}, async (visited) => {
    const sum = await visited.choose(300_000);
    await visited.page.getByText(/^a\.mp4 is stored as \w{32}$/).waitFor();
    assert.deepEqual(await visited.stored(), [sum]);
  });
});
