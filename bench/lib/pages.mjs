// Bundles what runs in the engines under test, and serves it to Chromium on loopback.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";

import { build } from "esbuild";

import { root } from "../../scripts/lib/run.mjs";

const made = join(root, ".cache/bench");
const TYPES = { ".js": "text/javascript", ".wasm": "application/wasm", ".html": "text/html" };
const BLANK = "<!doctype html><title>bench</title>";

/** Bundles `pages/NAME.mjs` for `platform`; resolves with the file's path. */
export async function bundlePage(name, platform) {
  const outfile = join(made, `${name}.${platform}.mjs`);
  // The cycler is no export of its package.
  const cycler = join(root, "bench/node_modules/@azure/core-rest-pipeline/dist/browser/util/tokenCycler.js");
  await build({
    entryPoints: [join(root, "bench/pages", `${name}.mjs`)],
    alias: { "token-cycler": cycler },
    bundle: true,
    format: "esm",
    platform,
    target: "es2022",
    outfile,
    logLevel: "silent",
  });
  return outfile;
}

/**
 * Serves `dist/` and the bundles; `cache` is the `Cache-Control` of everything but the page itself. Resolves with
 * `{ origin, close }`.
 */
export async function servePages({ cache = "no-store" } = {}) {
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url, "http://localhost").pathname);
    const file = path.startsWith("/dist/") ? join(root, path) : join(made, path);
    try {
      const body = path === "/" ? BLANK : await readFile(file);
      const type = path === "/" ? "text/html" : (TYPES[extname(path)] ?? "text/javascript");
      response.writeHead(200, { "content-type": type, "cache-control": path === "/" ? "no-store" : cache }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const close = () => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  };
  return { origin: `http://127.0.0.1:${server.address().port}`, close };
}
