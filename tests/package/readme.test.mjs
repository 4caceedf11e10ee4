// README.md and README.zh-CN.md say the same: one page in two languages, with the same code and the same figures.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { format, resolveConfig } from "prettier";

import { root } from "../../scripts/lib/run.mjs";
import { measuredTable } from "./measured.mjs";

const FILES = { en: "README.md", "zh-CN": "README.zh-CN.md" };
const MEASURED = /(<!-- measured -->\n\n)([^]*?)(\n\n<!-- \/measured -->)/;
/** `scripts/lib/sizes.mjs` writes and checks it, in both. */
const SIZE = /<!-- size -->.*<!-- \/size -->/;
const update = process.env.UPDATE_SNAPSHOTS === "1";

const read = (language) => readFile(join(root, FILES[language]), "utf8");
/** As `npm run check` wants it. */
const write = async (file, text) => {
  const filepath = join(root, file);
  await writeFile(filepath, await format(text, { ...(await resolveConfig(filepath)), filepath }));
};
const blocks = (text) =>
  [...text.matchAll(/^```(.*)\n([^]*?)^```$/gm)].map(([, language, code]) => ({ language, code }));
const prose = (text) => text.replaceAll(/^```.*\n[^]*?^```$/gm, "");
/** A table's cells, without the blanks by which an editor lines them up. */
const cells = (table) =>
  table.split("\n").map((line) => line.split("|").map((cell) => cell.trim().replace(/^-+$/, "---")));

for (const [language, file] of Object.entries(FILES)) {
  test(`the table in ${file} is what the scenarios measured`, async () => {
    const text = await read(language);
    const table = await measuredTable(language);
    if (update) await write(file, text.replace(MEASURED, `$1${table}$3`));
    const [, , shown] = MEASURED.exec(await read(language)) ?? [];
    assert(shown, `${file} has the table between its two comments`);
    assert.deepEqual(cells(shown), cells(table), "UPDATE_SNAPSHOTS=1 npm test -- package writes it");
  });
}

test("both have the same sections, in the same order", async () => {
  const levels = (text) => [...prose(text).matchAll(/^(#+) .+$/gm)].map(([, marks]) => marks.length);
  assert.deepEqual(levels(await read("zh-CN")), levels(await read("en")));
});

test("both have the same code", async () => {
  // A comment may be in the reader's language.
  const code = (text) =>
    blocks(text).map(({ language, code }) => [
      language,
      code.replaceAll(/(^|\s)\/\/ .*$/gm, "").replaceAll(/ +$/gm, ""),
    ]);
  assert.deepEqual(code(await read("zh-CN")), code(await read("en")));
});

test("both lead to the same places, and to each other", async () => {
  const places = (text) =>
    [...new Set([...prose(text).matchAll(/\]\(([^)]+)\)/g)].map(([, place]) => place))]
      .filter((place) => !Object.values(FILES).includes(place))
      .sort();
  const [english, chinese] = [await read("en"), await read("zh-CN")];
  assert.deepEqual(places(chinese), places(english));
  assert.match(english, /\]\(README\.zh-CN\.md\)/);
  assert.match(chinese, /\]\(README\.md\)/);
});

test("both name the same sizes and versions", async () => {
  const figures = (text) =>
    [...prose(text.replace(MEASURED, "").replace(SIZE, "")).matchAll(/\d+\.\d+(?:\.\d+)?/g)].map(String).sort();
  assert.deepEqual(figures(await read("zh-CN")), figures(await read("en")));
});
