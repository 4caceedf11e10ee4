// VitePress's settings: https://vitepress.dev/reference/site-config
import { PAGES, SECTIONS, slug } from "./pages.mjs";
import { MODULES } from "./reference.mjs";

const TITLES = { "index.md": "Overview", "zh.md": "概览", "report.md": "Reporting a vulnerability" };

/** @param titles - the first heading of each page. */
export function config({ titles, outDir }) {
  const item = (file) => ({
    text: TITLES[PAGES[file]] ?? titles[PAGES[file]],
    link: `/${PAGES[file].replace("index.md", "")}`,
  });
  const sections = Object.entries(SECTIONS).map(([text, files]) => ({ text, items: files.map(item) }));
  const modules = Object.entries(MODULES).map(([text, module]) => ({ text, link: `/api/${module}.md` }));
  return {
    title: "upload-token",
    description: "Keeps the short-lived credentials of a web upload to Alibaba Cloud fresh",
    outDir,
    // For a site in a folder of its host.
    base: process.env.SITE_BASE ?? "/",
    markdown: { anchor: { slugify: slug } },
    themeConfig: {
      // No page of VitePress: its router must leave the link to the browser.
      nav: [{ text: "Playground", link: "/playground/", target: "_self" }],
      search: { provider: "local" },
      outline: [2, 3],
      socialLinks: [{ icon: "github", link: "https://github.com/upload-token/upload-token" }],
      sidebar: [...sections, { text: "API", items: modules }],
    },
  };
}
