// The types, as the compiler sees them in a user's project: strictest settings, and the package's declarations checked.
import assert from "node:assert/strict";
import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { before, test } from "node:test";

import { packed, project, root, run } from "./packed.mjs";

const STRICT = {
  strict: true,
  noEmit: true,
  skipLibCheck: false,
  // The compiler's own libraries, which take it longer than all the rest.
  skipDefaultLibCheck: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  isolatedModules: true,
  verbatimModuleSyntax: true,
  target: "es2022",
  types: [],
};

before(async () => {
  await packed();
  for (const name of ["good.ts", "bad.ts"])
    await copyFile(join(root, "tests/package/types", name), join(project, name));
});

/** What the compiler says of the project's `files` with `options`; empty if all is well. */
async function compile(name, files, options) {
  const config = join(project, `tsconfig.${name}.json`);
  await writeFile(config, JSON.stringify({ compilerOptions: { ...STRICT, ...options }, files }));
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  return run(process.execPath, [tsc, "--project", config], { cwd: project }).then(
    ({ stdout }) => stdout,
    ({ stdout }) => stdout || "tsc failed without a word",
  );
}

const RESOLUTIONS = {
  bundler: { module: "esnext", moduleResolution: "bundler" },
  node16: { module: "node16", moduleResolution: "node16" },
  nodenext: { module: "nodenext", moduleResolution: "nodenext" },
  // Projects of Vue CLI 4 and of its time; it knows no `exports`.
  node10: { module: "esnext", moduleResolution: "node10", ignoreDeprecations: "6.0" },
};

for (const [name, resolution] of Object.entries(RESOLUTIONS)) {
  test(`what must compile does, and what must not does not: ${name}`, async () => {
    assert.equal(await compile(name, ["good.ts", "bad.ts"], { lib: ["ES2022", "DOM"], ...resolution }), "");
  });
}

for (const [name, resolution] of Object.entries(RESOLUTIONS)) {
  test(`a page that imports the vendor's package has its types: ${name}`, async () => {
    const source = `/// <reference types="upload-token/aliyun-upload-vod" />
import AliyunUpload from "aliyun-upload-vod";
import { createTokenManager } from "upload-token";
import { createVodUploader, type VodUploader } from "upload-token/vod";
const tokens = createTokenManager({ source: "/sts" });
export const uploader: VodUploader = createVodUploader(AliyunUpload.Vod, tokens, { userId: "1" });
// @ts-expect-error: it is the class that is taken.
createVodUploader(AliyunUpload, tokens, { userId: "1" });
`;
    await writeFile(join(project, "vendor.ts"), source);
    const options = { lib: ["ES2022", "DOM"], esModuleInterop: true, ...resolution };
    assert.equal(await compile(`vendor-${name}`, ["vendor.ts"], options), "");
  });
}

/** What `wasm()` of the file entry gives where the compiler takes the entry that the platform takes. */
const MODULES = {
  bundler: "URL",
  node16: "Promise<Uint8Array<ArrayBuffer>>",
  nodenext: "Promise<Uint8Array<ArrayBuffer>>",
  node10: "Uint8Array<ArrayBuffer>",
};

for (const [name, resolution] of Object.entries(RESOLUTIONS)) {
  test(`where the module comes from has the type of what runs: ${name}`, async () => {
    const source = `import { wasm } from "upload-token/wasm";
type Is<A, B> = [A, B] extends [B, A] ? true : false;
export const is: Is<ReturnType<typeof wasm>, ${MODULES[name]}> = true;
`;
    await writeFile(join(project, "module.mts"), source);
    const options = { lib: ["ES2022", "DOM"], ...resolution };
    assert.equal(await compile(`module-${name}`, ["module.mts"], options), "");
  });
}

test("a project that lists only ES2022 and the DOM's types of a worker compiles too", async () => {
  const source = `import { createTokenManager, type TokenManager } from "upload-token";
export const tokens: TokenManager = createTokenManager({ source: "/sts" });
`;
  await writeFile(join(project, "worker.ts"), source);
  const options = { lib: ["ES2022", "WebWorker"], ...RESOLUTIONS.bundler };
  assert.equal(await compile("worker", ["worker.ts"], options), "");
});

test("the check is able to fail", async () => {
  await writeFile(join(project, "wrong.ts"), 'import { nothing } from "upload-token";\nnothing();\n');
  assert.match(await compile("wrong", ["wrong.ts"], { lib: ["ES2022", "DOM"], ...RESOLUTIONS.bundler }), /TS2305/);
});
