// How each bundler builds a page, as its own documentation begins: no setting is made for this package.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { run } from "../../../scripts/lib/run.mjs";
import { folder, html, require } from "./project.mjs";

const load = (name) => import(pathToFileURL(require.resolve(name)).href);

/** Name → a function that builds `made/page.js` into the folder `out`, with an index.html that loads it. */
export const BUNDLERS = {
  async esbuild(made, out) {
    const { build } = await load("esbuild");
    await build({
      entryPoints: [join(made, "page.js")],
      outdir: out,
      bundle: true,
      minify: true,
      format: "esm",
      logLevel: "silent",
    });
    await writeFile(join(out, "index.html"), html('<script type="module" src="./page.js"></script>'));
  },

  async rollup(made, out) {
    const { rollup } = await load("rollup");
    const { nodeResolve } = await load("@rollup/plugin-node-resolve");
    const bundle = await rollup({
      input: join(made, "page.js"),
      plugins: [nodeResolve({ browser: true })],
      onwarn() {},
    });
    await bundle.write({ dir: out, format: "es" });
    await bundle.close();
    await writeFile(join(out, "index.html"), html('<script type="module" src="./page.js"></script>'));
  },

  async webpack(made, out) {
    await packed((await load("webpack")).default, made, out);
  },

  async rspack(made, out) {
    await packed((await load("@rspack/core")).rspack, made, out);
  },

  /** Parcel looks at the `exports` of a package, which adapters need, only where a project says so. */
  async parcel(made, out, name, settings = { "@parcel/resolver-default": { packageExports: true } }) {
    // A lock file makes a folder Parcel's project, whose settings it reads.
    await writeFile(join(made, "package-lock.json"), "{}");
    await writeFile(join(made, "package.json"), JSON.stringify({ name, private: true, ...settings }));
    // The vendor's scripts are not in the project, so they are added to the page afterwards.
    const own = '<!doctype html><title>consumer</title><script type="module" src="./page.js"></script>';
    await writeFile(join(made, "index.html"), own);
    const parcel = join(folder, "node_modules/parcel/lib/bin.js");
    const options = ["--dist-dir", out, "--public-url", `/${name}/`, "--no-source-maps", "--no-cache"];
    await run(process.execPath, [parcel, "build", join(made, "index.html"), ...options], { cwd: made });
    const page = await readFile(join(out, "index.html"), "utf8");
    await writeFile(join(out, "index.html"), html(/<script.*<\/script>/s.exec(page)[0]));
  },
};

async function packed(bundler, made, out) {
  const stats = await new Promise((resolve, reject) => {
    const compiler = bundler({
      context: made,
      mode: "production",
      entry: join(made, "page.js"),
      output: { path: out, filename: "page.js", publicPath: "auto" },
      performance: { hints: false },
    });
    compiler.run((error, stats) => compiler.close(() => (error ? reject(error) : resolve(stats))));
  });
  if (stats.hasErrors() || stats.hasWarnings())
    throw new Error(stats.toString({ all: false, errors: true, warnings: true }));
  await mkdir(out, { recursive: true });
  await writeFile(join(out, "index.html"), html('<script src="./page.js" defer></script>'));
}
