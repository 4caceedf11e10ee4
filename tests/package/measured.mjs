// The README's table: rows of `docs/vod-scenarios.md`, which the end-to-end tests write and check, in fewer words.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { root } from "../../scripts/lib/run.mjs";

const WORDS = {
  en: {
    head: ["What happens", "as the vendor documents it", "with upload-token"],
    stored: "stored",
    hangs: "**hangs**, no callback",
    failed: (code) => `**fails**: \`${code}\``,
  },
  "zh-CN": {
    head: ["发生了什么", "按官方文档接入", "使用 upload-token"],
    stored: "上传成功",
    hangs: "**卡住**，没有任何回调",
    failed: (code) => `**失败**：\`${code}\``,
  },
};

/** Scenario, and what a reader calls it. */
const ROWS = [
  ["OSS refuses part 3 once: SecurityTokenExpired", "The credential ends in the middle of a file", "上传中途凭证过期"],
  [
    "a renewal: the AppServer answers 500 twice",
    "The AppServer answers 500 when it is due",
    "续期时 AppServer 返回 500",
  ],
  ["the AppServer hangs once", "The AppServer does not answer once", "AppServer 有一次没有响应"],
  ["the AppServer answers HTML once", "A proxy answers HTML with status 200", "代理返回 HTML，状态码 200"],
  ["NoSuchUpload for a part", "OSS has forgotten the upload", "OSS 上的分片上传已不存在"],
  [
    "the device's clock is a day ahead",
    "The device's clock is a day ahead, tokens of 2 s",
    "设备时钟快一天，凭证 2 秒",
  ],
  [
    "nothing of the page runs for longer than the credentials live",
    "The laptop sleeps past the end",
    "电脑休眠，醒来时凭证已过期",
  ],
];

/** The table in a language of {@link WORDS}, as Markdown. */
export async function measuredTable(language) {
  const text = await readFile(join(root, "docs/vod-scenarios.md"), "utf8");
  const outcomes = new Map(
    [...text.matchAll(/^\| (.+?) +\| (.+?) +\| (.+?) +\|$/gm)].map(([, name, documented, ours]) => [
      name,
      [documented, ours],
    ]),
  );
  const { head } = WORDS[language];
  const rows = ROWS.map(([scenario, english, chinese]) => {
    const [documented, ours] = outcomes.get(scenario) ?? [];
    if (documented === undefined) throw new Error(`docs/vod-scenarios.md has no scenario "${scenario}"`);
    return [language === "en" ? english : chinese, inWords(documented, language), inWords(ours, language)];
  });
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function inWords(outcome, language) {
  const { stored, hangs, failed } = WORDS[language];
  const code = /^Failed ([\w.]+)/.exec(outcome)?.[1];
  if (code) return failed(code);
  return outcome.startsWith("Succeed") ? stored : hangs;
}
