// The pages of the site: the repository's own files, whose links are those of a repository.
import { existsSync } from "node:fs";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join, posix } from "node:path";

import { Failure, root } from "../run.mjs";

/** Sections of the sidebar, and the files of the repository that they show. */
export const SECTIONS = {
  Begin: ["README.md", "docs/getting-started.md", "docs/migration.md", "docs/questions.md", "docs/errors.md"],
  Uploads: [
    "docs/vod.md",
    "docs/vod-scenarios.md",
    "docs/ali-oss.md",
    "docs/vue.md",
    "docs/react.md",
    "docs/tabs.md",
    "docs/providers.md",
    "examples/README.md",
  ],
  Tokens: ["docs/token-life.md", "docs/user-change.md", "docs/appserver.md", "docs/security.md", "docs/testing.md"],
  Project: ["docs/design.md", "bench/README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"],
  中文: ["README.zh-CN.md"],
};

/** Where those are on the site that are not in docs/. */
const ELSEWHERE = {
  "README.md": "index.md",
  "README.zh-CN.md": "zh.md",
  "examples/README.md": "examples.md",
  "bench/README.md": "bench.md",
  "CHANGELOG.md": "changelog.md",
  "CONTRIBUTING.md": "contributing.md",
  // Its name is that of docs/security.md where letters have no case.
  "SECURITY.md": "report.md",
};

/** File of the repository → page of the site. */
export const PAGES = Object.fromEntries(
  Object.values(SECTIONS)
    .flat()
    .map((file) => [file, ELSEWHERE[file] ?? basename(file)]),
);

const REPOSITORY = "https://github.com/upload-token/upload-token";
const OF_REPOSITORY = new RegExp(`^${REPOSITORY}/(?:blob|tree|raw)/HEAD/`);
const IMAGE = /\.(svg|png|gif)$/;

/** As GitHub makes the anchor of a heading. */
export const slug = (title) =>
  title
    .toLowerCase()
    .replaceAll(/[^\p{L}\d _-]/gu, "")
    .replaceAll(" ", "-");

/** Writes every page into the folder `into`, with the images that they show. */
export async function writePages(into) {
  for (const [file, page] of Object.entries(PAGES)) {
    const text = await readFile(join(root, file), "utf8");
    const images = new Set();
    await mkdir(dirname(join(into, page)), { recursive: true });
    await writeFile(
      join(into, page),
      outsideCode(text, (prose) => relinked(prose, file, images)),
    );
    for (const image of images) await cp(join(root, image), join(into, "public", basename(image)));
  }
}

/** Calls `change` with what is between the blocks of code. */
function outsideCode(text, change) {
  return text
    .split(/(^```[^]*?^```$)/m)
    .map((part, index) => (index % 2 === 0 ? change(part) : part))
    .join("");
}

function relinked(text, file, images) {
  return text.replaceAll(/\]\(([^)\s]+)\)/g, (link, target) => {
    if (target.startsWith("#") || (/^https?:/.test(target) && !OF_REPOSITORY.test(target))) return link;
    const [path, anchor] = target.split("#");
    const place = OF_REPOSITORY.test(path)
      ? path.replace(OF_REPOSITORY, "")
      : posix.normalize(posix.join(posix.dirname(file), path));
    if (!existsSync(join(root, place))) throw new Failure(`${file} leads to ${target}, which is not there`);
    const hash = anchor === undefined ? "" : `#${anchor}`;
    if (PAGES[place]) return `](/${PAGES[place]}${hash})`;
    if (!IMAGE.test(place)) return `](${REPOSITORY}/blob/HEAD/${place}${hash})`;
    images.add(place);
    return `](/${basename(place)})`;
  });
}

/** Page of the site → its first heading. */
export async function titlesOf(folder) {
  const titles = {};
  for (const page of Object.values(PAGES)) {
    const [, title] = /^# (.*)$/m.exec(await readFile(join(folder, page), "utf8"));
    titles[page] = title;
  }
  return titles;
}
