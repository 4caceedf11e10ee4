// The links of a built site: each must lead to a file, and to a part of it that is there.
import { readdir, readFile } from "node:fs/promises";
import { join, posix } from "node:path";

const base = process.env.SITE_BASE ?? "/";

/** Every link of the HTML files in `folder` that leads nowhere within the site. */
export async function deadLinks(folder) {
  const files = (await readdir(folder, { recursive: true })).map((name) => name.replaceAll("\\", "/"));
  const pages = new Map();
  for (const name of files.filter((name) => name.endsWith(".html"))) {
    pages.set(name, await readFile(join(folder, name), "utf8"));
  }
  const there = new Set(files);
  const dead = [];
  for (const [name, html] of pages) {
    for (const [, link] of html.matchAll(/<(?:a|img|link|script)\b[^>]*? (?:href|src)="([^"]*)"/g)) {
      if (/^(https?|mailto|data):/.test(link)) continue;
      const [path, anchor] = decodeURI(link).replaceAll("&amp;", "&").split("#");
      const target = path === "" ? name : fileOf(name, path);
      const missing = anchor && pages.has(target) && !pages.get(target).includes(`id="${anchor}"`);
      if (!there.has(target) || missing) dead.push(`${name}: ${link}`);
    }
  }
  return dead;
}

/** The file that `path` names in the page `from`. */
function fileOf(from, path) {
  const file = path.startsWith(base) ? path.slice(base.length) : posix.join(posix.dirname(from), path);
  if (file === "" || file.endsWith("/")) return `${file}index.html`;
  return posix.extname(file) === "" ? `${file}.html` : file;
}
