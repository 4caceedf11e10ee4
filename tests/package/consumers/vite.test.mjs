// Vite, whose development server and build take a page's dependencies by different ways, in each line that is in use.
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

import { call, openApp, ORIGIN } from "./app.mjs";
import { folder, html, install, project, www } from "./project.mjs";

const VITES = ["vite-4", "vite-5", "vite-6", "vite-7", "vite"];
/** Entry → how many requests of a .wasm its page makes. */
const ENTRIES = { "upload-token": 0, "upload-token/wasm": 1 };
/** Their development servers bundle a dependency into another folder, and leave the file there that it names. */
const MOVES_SCRIPTS = ["vite-4", "vite-5", "vite-6", "vite-7"];
/** The whole package: an adapter that is bundled and an entry that is not would be two copies of it. */
const SETTING = { optimizeDeps: { exclude: ["upload-token"] } };

let app;

before(async () => {
  await install();
  app = await openApp();
});

after(() => app?.close());

const load = (vite) => import(pathToFileURL(join(folder, "node_modules", vite, "dist/node/index.js")).href);

async function made(site, entry) {
  const root = await project(site, entry, ["page.js"]);
  await writeFile(join(root, "index.html"), html('<script type="module" src="./page.js"></script>'));
  return root;
}

for (const name of VITES) {
  for (const [entry, separate] of Object.entries(ENTRIES)) {
    const site = `${name}-${entry.replace("/", "-")}`;

    test(`${name}, a build: ${entry}`, { timeout: 120_000 }, async () => {
      const { build } = await load(name);
      const root = await made(site, entry);
      const outDir = join(www, site);
      await mkdir(outDir, { recursive: true });
      await build({
        root,
        configFile: false,
        base: `/${site}/`,
        logLevel: "silent",
        build: { outDir, emptyOutDir: true },
      });
      const { modules } = await app.uploads(`${ORIGIN}/${site}/index.html`);
      assert.equal(modules.length, separate);
    });

    const needsSetting = separate > 0 && MOVES_SCRIPTS.includes(name);
    test(`${name}, its development server: ${entry}`, { timeout: 120_000 }, async () => {
      await developing(name, entry, needsSetting ? SETTING : {}, async (url) => {
        const { modules } = await app.uploads(url);
        assert.equal(modules.length, separate);
      });
    });

    if (!needsSetting) continue;
    test(`${name}, its development server, without the setting: the error names it`, { timeout: 120_000 }, async () => {
      let message;
      const fail = async (page) => (message = await call(page, "failure"));
      // The browser says on its own that the file was not there.
      const visited = (url) => app.visit(url, fail).catch((error) => assert.match(error.message, /Failed to load/));
      await developing(name, entry, {}, visited);
      assert.match(message, /optimizeDeps: \{ exclude: \["upload-token"\] \}/);
    });
  }
}

async function developing(name, entry, settings, act) {
  const { createServer } = await load(name);
  // The AppServer refuses pages of other hosts; a bare address here would name that host to it.
  const target = { target: app.http, changeOrigin: false };
  const vite = await createServer({
    root: await made(`${name}-${entry.replace("/", "-")}-dev`, entry),
    configFile: false,
    logLevel: "silent",
    server: {
      host: "127.0.0.1",
      port: 0,
      hmr: false,
      // What is installed is beside these projects and not in each of them.
      fs: { allow: [folder] },
      proxy: Object.fromEntries(["/api", "/vendor", "/alias.js"].map((path) => [path, target])),
    },
    ...settings,
  });
  try {
    await vite.listen();
    await act(vite.resolvedUrls.local[0]);
  } finally {
    await vite.close();
  }
}
