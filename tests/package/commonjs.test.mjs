// The package where modules are not known: by require(), and by the folders in which older tools look for an entry.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, relative } from "node:path";
import { before, test } from "node:test";

import { packed, project } from "./packed.mjs";

const installed = join(project, "node_modules/upload-token");
const require = createRequire(join(project, "index.cjs"));
/** Entries that every tool must find, those with code, and the module that Node imports for each. */
let modules;

before(async () => {
  await packed();
  const { exports } = JSON.parse(await readFile(join(installed, "package.json"), "utf8"));
  const code = Object.entries(exports).filter(([, target]) => target.default);
  modules = code.map(([entry, { node, default: file }]) => [entry, join(installed, node?.default ?? file)]);
});

const named = (entry) => entry.replace(/^\./, "upload-token");

test("require() gives what import does", async () => {
  assert(modules.length >= 4);
  for (const [entry, file] of modules) {
    const found = relative(join(installed, "dist/cjs"), require.resolve(named(entry)));
    assert(!found.startsWith(".."), found);
    assert.deepEqual(Object.keys(require(named(entry))).sort(), Object.keys(await import(file)).sort(), entry);
  }
});

test("an entry that is not looked up in exports is the same file", () => {
  for (const [entry] of modules) assert.equal(require(join(installed, entry)), require(named(entry)), entry);
});

test("entries that are required share one class of errors, and serve each other's managers", async () => {
  const { createTokenManager, UploadTokenError } = require("upload-token");
  const { ossOptions } = require("upload-token/ali-oss");
  await assert.rejects(ossOptions({}), (error) => error instanceof UploadTokenError);
  const token = { AccessKeyId: "STS.a", AccessKeySecret: "b", SecurityToken: "c", DurationSeconds: 900 };
  const tokens = createTokenManager({ source: () => token });
  assert.equal((await ossOptions(tokens)).accessKeyId, "STS.a");
  tokens.close();
});

test("the parser of webpack 4 reads what it is given", async () => {
  const acorn = require(join(project, "../../node_modules/acorn-6"));
  const files = (await readdir(join(installed, "dist/cjs"))).filter((name) => name.endsWith(".js"));
  assert(files.length >= 4);
  for (const file of [...files.map((name) => `cjs/${name}`), "upload-token.global.js"]) {
    const code = await readFile(join(installed, "dist", file), "utf8");
    assert.doesNotThrow(() => acorn.parse(code, { ecmaVersion: 10, sourceType: "script" }), file);
  }
});
