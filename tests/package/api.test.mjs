// `npm test -- package` runs this folder.
//
// What each entry exports, as text: a change of the public surface is a change of its report.
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";

import { Extractor, ExtractorConfig } from "@microsoft/api-extractor";

import { packed, project, root } from "./packed.mjs";

const ENTRIES = {
  "upload-token": "entries/inline.d.ts",
  "upload-token-wasm": "entries/file.d.ts",
  "upload-token-vod": "adapters/vod.d.ts",
  "upload-token-ali-oss": "adapters/ali-oss.d.ts",
  "upload-token-tabs": "tabs.d.ts",
  "upload-token-vue": "vue.d.ts",
  "upload-token-react": "react.d.ts",
  "upload-token-providers": "providers.d.ts",
};
const UPDATE = process.env.UPDATE_SNAPSHOTS === "1";

before(packed);

/** Compares an entry with its report, or writes that; returns what the extractor complains about. */
async function extract(name, entry) {
  // Not the unpacked package: below node_modules everything counts as somebody else's.
  const folder = root;
  const temporary = join(project, "api");
  await mkdir(temporary, { recursive: true });
  const quiet = { logLevel: "none" };
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: folder,
      newlineKind: "lf",
      mainEntryPointFilePath: join(folder, "dist/types", entry),
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: "es2022",
            lib: ["es2022", "dom"],
            module: "esnext",
            moduleResolution: "bundler",
            strict: true,
            // Vue's own declarations are not ours to judge.
            skipLibCheck: true,
            types: [],
          },
          files: [join(folder, "dist/types", entry)],
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder: join(root, "tests/package/snapshots"),
        reportTempFolder: temporary,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        extractorMessageReporting: {
          default: { logLevel: "warning" },
          // Everything that is exported is public.
          "ae-missing-release-tag": quiet,
          // A member whose name says it all needs no sentence.
          "ae-undocumented": quiet,
          // TypeDoc resolves links, and fails on those that lead nowhere.
          "ae-unresolved-link": quiet,
          // An adapter takes what the main entry exports; the type tests show that all of it can be named.
          "ae-forgotten-export": quiet,
        },
        tsdocMessageReporting: { default: { logLevel: "warning" } },
        compilerMessageReporting: { default: { logLevel: "error" } },
      },
    },
    packageJsonFullPath: join(folder, "package.json"),
    configObjectFullPath: undefined,
  });
  const complaints = [];
  const { apiReportChanged } = Extractor.invoke(config, {
    localBuild: UPDATE,
    messageCallback(message) {
      message.handled = true;
      const wrong = ["warning", "error"].includes(message.logLevel);
      if (wrong && message.category !== "console") complaints.push(message.text);
    },
  });
  return { changed: apiReportChanged, complaints };
}

for (const [name, entry] of Object.entries(ENTRIES)) {
  test(`${name} exports what its report says`, async () => {
    const { changed, complaints } = await extract(name, entry);
    const hint = `tests/package/snapshots/${name}.api.md; if that is wanted: UPDATE_SNAPSHOTS=1 npm test -- package`;
    if (!UPDATE) assert(!changed, `the public surface differs from ${hint}\n${complaints.join("\n")}`);
    assert.deepEqual(complaints, []);
  });
}
