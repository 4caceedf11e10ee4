// What a person types first runs before anything is installed: until then there is Node alone.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { build } from "esbuild";

import { root } from "./packed.mjs";

const { scripts } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
/** Scripts of ours that a command of package.json begins with. */
const entries = Object.entries(scripts).flatMap(([name, command]) => {
  const [, file] = /^node (?:--\S+ )*(\S+\.mjs)/.exec(command) ?? [];
  return file ? [[name, file]] : [];
});

test("the commands are found", () => {
  const names = entries.map(([name]) => name);
  for (const name of ["start", "test", "check", "setup", "build"]) assert(names.includes(name), name);
});

for (const [name, file] of entries) {
  test(`npm run ${name} loads nothing but Node's own modules before set-up`, async () => {
    const { metafile } = await build({
      absWorkingDir: root,
      entryPoints: [file],
      bundle: true,
      write: false,
      metafile: true,
      platform: "node",
      format: "esm",
      packages: "external",
      // Addresses within a page.
      external: ["/dist/*", "/hot.browser.mjs"],
      logLevel: "silent",
    });
    // What is imported while it runs may be there by then.
    const seen = new Set();
    const packages = [];
    const follow = (input, way) => {
      if (seen.has(input)) return;
      seen.add(input);
      for (const { path, kind, external } of metafile.inputs[input].imports) {
        // A pattern stands for a name that is made while it runs.
        if (kind !== "import-statement" || path.includes("*")) continue;
        if (!external) follow(path, [...way, path]);
        else if (!path.startsWith("node:")) packages.push([...way, path].join(" -> "));
      }
    };
    follow(file, [file]);
    assert.deepEqual(packages, []);
  });
}
