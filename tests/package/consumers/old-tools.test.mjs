// Projects of tools that know neither `exports` in package.json nor today's syntax: webpack 4 and Jest of its time.
// Newer Jest knows the one, and still no modules.
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { root, run } from "../../../scripts/lib/run.mjs";
import { openApp, ORIGIN } from "./app.mjs";
import { app as source, folder, html, install, installFrom, www } from "./project.mjs";

const old = join(root, ".cache/old-tools");

let app;

before(async () => {
  await install();
  await installFrom(join(root, "tests/package/consumers/old"), old);
  app = await openApp();
});

after(() => app?.close());

async function write(folder, files) {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, name, ".."), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

for (const entry of ["upload-token", "upload-token/wasm"]) {
  test(`Vue CLI 4: ${entry}`, { timeout: 120_000 }, async () => {
    const site = `vue-cli-4-${entry.replace("/", "-")}`;
    const made = join(old, site);
    // As in Vue CLI 4's own pages: what a component holds, Vue 2 makes reactive.
    const state = `\nnew (require("vue").default)({ data: { tokens }, render: (h) => h("p") });\n`;
    await write(made, {
      "package.json": JSON.stringify({ name: site, private: true, browserslist: ["> 1%", "last 2 versions"] }),
      "babel.config.js": 'module.exports = { presets: ["@vue/cli-plugin-babel/preset"] };\n',
      "vue.config.js": `module.exports = { publicPath: "/${site}/", productionSourceMap: false };\n`,
      "public/index.html": html(""),
      "src/main.js": (await source("page.js", entry)) + state,
    });
    const program = join(old, "node_modules/@vue/cli-service/bin/vue-cli-service.js");
    // webpack 4 hashes with what Node's OpenSSL no longer has.
    const env = { NODE_OPTIONS: "--openssl-legacy-provider" };
    await run(process.execPath, [program, "build", "--dest", join(www, site)], { cwd: made, env });
    await app.uploads(`${ORIGIN}/${site}/index.html`);
  });
}

const TEST = `
const { createTokenManager, isUploadTokenError } = require("upload-token");
const { createVodUploader } = require("upload-token/vod");
const token = { AccessKeyId: "STS.test", AccessKeySecret: "b", SecurityToken: "c", DurationSeconds: 900 };
test("a page's own code gets a token", async () => {
  const tokens = createTokenManager({ source: async () => token });
  expect((await tokens.getToken()).accessKeyId).toBe("STS.test");
  tokens.close();
  await expect(tokens.getToken()).rejects.toMatchObject({ code: "closed" });
  expect(isUploadTokenError(await tokens.getToken().catch((error) => error))).toBe(true);
  expect(typeof createVodUploader).toBe("function");
});
`;

/** jsdom has no coder of texts. */
const SETUP = `const { TextDecoder, TextEncoder } = require("util");
Object.assign(globalThis, { TextDecoder, TextEncoder });
`;

for (const [name, where, environment] of [
  ["Jest 26", old, "jsdom"],
  ["Jest 30", folder, "jsdom"],
  ["Jest 30", folder, "node"],
]) {
  test(`${name}, ${environment}`, { timeout: 120_000 }, async () => {
    const made = join(where, `jest-${environment}`);
    const settings = { testEnvironment: environment, setupFiles: ["./setup.js"] };
    await write(made, {
      "package.json": JSON.stringify({ name: "jest", private: true, jest: settings }),
      "setup.js": SETUP,
      "token.test.js": TEST,
    });
    const { output } = await run(process.execPath, [join(where, "node_modules/jest/bin/jest.js")], { cwd: made });
    assert.match(output, /1 passed/);
  });
}

test("a page's test that does not use it may import it in jsdom as it is", { timeout: 120_000 }, async () => {
  const made = join(folder, "jest-import");
  await write(made, {
    "package.json": JSON.stringify({ name: "jest", private: true, jest: { testEnvironment: "jsdom" } }),
    "token.test.js": `
      const { createTokenManager } = require("upload-token");
      test("made", () => createTokenManager({ source: "https://app.example/api/sts" }).close());`,
  });
  const { output } = await run(process.execPath, [join(folder, "node_modules/jest/bin/jest.js")], { cwd: made });
  assert.match(output, /1 passed/);
});
