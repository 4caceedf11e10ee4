// Each project of examples/, with the packed package: started by its own command, it uploads while credentials end.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout } from "node:timers/promises";

import { root, run } from "../../../scripts/lib/run.mjs";
import { expiries, figures } from "../../e2e/support/figures.mjs";
import { copied, openExamples, visit } from "./example.mjs";
import { here } from "./project.mjs";

const examples = join(root, "examples");
const NAMES = readdirSync(examples, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);
/** Their components, which a developer changes while the page is open. */
const COMPONENTS = { vue: "src/App.vue", react: "src/App.tsx" };
/** Changes of their code, after which each framework mounts the component anew and does not only render it again. */
const OTHER_CODE = {
  vue: (code) => code.replace("const { tokens", "const edited = 1;\n$&"),
  react: (code) => `import { useId } from "react";\n${code.replace("const { tokens", "useId();\n$&")}`,
};
const SIZE = 16 << 20;
/** Of a credential, ms: as long as pages need that are built four at a time while they begin to upload. */
const LIFE = 8000;
const SLOW = { stsLifeMs: LIFE, uploadAuthLifeMs: LIFE, partDelayMs: 2900 };

let browser;
before(async () => {
  browser = await openExamples();
});
after(() => browser?.close());

describe("an example", { concurrency: 4 }, () => {
  for (const name of NAMES) {
    test(`${name}: uploads while its credentials end`, { timeout: 240_000 }, async () => {
      const made = await copied(name);
      await visit(browser, made, SLOW, async (visited) => {
        const { page } = visited;
        const sum = await visited.choose(SIZE);
        await page.click("button:enabled:text('Start')");
        await page.waitForFunction(() => /[1-9]\d* %/.test(document.querySelector("li")?.textContent));
        if (COMPONENTS[name]) await changed(page, made, name);
        await page.waitForSelector("li:has-text('Success')");
        assert.deepEqual(await visited.stored(), [sum]);
        const log = await visited.cloud("GET", "log");
        const { tokens } = figures(log);
        // ali-oss alone signs with the STS token itself.
        assert(tokens >= 2 && (name === "ali-oss" || expiries(log, LIFE) >= 1), `${tokens} tokens`);
      });
    });
  }

  for (const [name, file] of Object.entries(COMPONENTS)) {
    test(
      `${name}: its types are right, and a mistake is told, by the compiler of its own`,
      { timeout: 120_000 },
      async () => {
        const made = await copied(name, `${name}-types`);
        const wrong = file.replace("App", "Wrong");
        const source = await readFile(join(made, file), "utf8");
        await writeFile(join(made, wrong), source.replace("state, share, timeLeft", "state, mistake: share, timeLeft"));
        const { output } = await run("npm", ["run", "--silent", "check"], { cwd: made, check: false });
        const errors = output.split("\n").filter((line) => /error TS/.test(line));
        assert.equal(errors.length, 1, output);
        assert(errors[0].startsWith(wrong) && errors[0].includes("'mistake'"), output);
      },
    );
  }
});

/** Changes a component as its developer does: the page shows it without being loaded again, and holds nothing twice. */
async function changed(page, made, name) {
  await page.evaluate(() => (globalThis.samePage = true));
  const before = await page.evaluate(() => globalThis.held());
  const file = join(made, COMPONENTS[name]);
  const code = await readFile(file, "utf8");
  const titled = (title) => code.replace("<h1>Uploads", `<h1>${title} uploads`);
  for (const [title, edited] of [
    ["Other", titled("Other")],
    ["New", OTHER_CODE[name](titled("New"))],
  ]) {
    const shown = page.waitForSelector(`h1:has-text('${title} uploads')`).then(() => true);
    // A watcher may miss a change that follows at once on another: then the file is saved again.
    do await save(file, edited);
    while (!(await Promise.race([shown, setTimeout(1000, false)])));
  }
  assert.equal(await page.evaluate(() => globalThis.samePage), true);
  assert.equal(await page.evaluate(() => globalThis.held()), before);
}

/** At once, as editors do: a server that reads a file while it is written sees a component that is gone. */
async function save(file, text) {
  const beside = `${dirname(dirname(file))}.saved`;
  await writeFile(beside, text);
  await rename(beside, file);
}

test("they name the versions that are tried here", async () => {
  const read = async (...path) => JSON.parse(await readFile(join(...path, "package.json"), "utf8"));
  const { devDependencies: tried } = await read(here, "examples");
  const named = {};
  for (const name of NAMES) {
    const { dependencies, devDependencies } = await read(examples, name);
    Object.assign(named, dependencies, devDependencies);
    for (const [dependency, version] of Object.entries({ ...dependencies, ...devDependencies })) {
      const wanted = dependency === "upload-token" ? "file:../.." : tried[dependency];
      assert.equal(version, wanted, `${dependency} in ${name}`);
    }
  }
  assert.deepEqual(
    Object.keys(tried).sort(),
    Object.keys(named)
      .filter((name) => name !== "upload-token")
      .sort(),
  );
});
