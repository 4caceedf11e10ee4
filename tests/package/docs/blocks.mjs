// The code in README.md and docs/, and what becomes of each block when a reader copies it.
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { root } from "../../../scripts/lib/run.mjs";

/** All blocks of the documentation: `{ file, line, language, code }`. */
export async function blocks() {
  const names = (await readdir(join(root, "docs")))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`);
  const found = [];
  for (const file of ["README.md", "CONTRIBUTING.md", "bench/README.md", ...names.sort()]) {
    const text = await readFile(join(root, file), "utf8").catch(() => "");
    for (const match of text.matchAll(/^```(\S*)\n([\s\S]*?)^```$/gm)) {
      const line = text.slice(0, match.index).split("\n").length;
      found.push({ file, line, language: match[1], code: match[2] });
    }
  }
  return found;
}

/**
 * What a page has when it runs a block, and what must be true afterwards. The first entry whose `has` is in the block
 * is the one; a block without an entry fails the tests.
 *
 * - `given`: statements that come before it: what the text around the block says is there already.
 * - `then`: an expression, awaited after it, that must be true. `stored(file)` is true once the cloud has the file;
 *   `$` has what the block declared.
 */
export const PAGES = [
  { has: "loadVod({ oss, vod })", then: "await choose(file)" },
  {
    has: 'headers: { "x-csrftoken"',
    given: 'import { createTokenManager } from "upload-token"; const csrfToken = () => "a";',
    then: "true",
  },
  { has: 'require("util")', then: "globalThis.TextDecoder !== undefined" },
  {
    has: 'fetch("/my/token"',
    given: "const session = 'abc';",
    then: "(await $.tokens.getToken()).accessKeyId.startsWith('STS.')",
  },
  {
    has: "= await tokens.getToken();",
    given: GIVEN_TOKENS(),
    then: "$.accessKeyId.startsWith('STS.') && $.accessKeySecret !== '' && $.securityToken !== ''",
  },
  { has: "uploadAuth: async ({ videoId", given: GIVEN_TOKENS(), then: "await uploads($.uploader)" },
  { has: 'uploadAuth: "/api/upload-auth"', then: "await uploads($.uploader)" },
  { has: "createVodUploader(", given: "const onUploadSucceed = () => {};", then: "await stored(file)" },
  { has: "new AliyunUpload.Vod(", then: "await stored(file)" },
  { has: "refreshSTSToken: sts", then: "await puts($.client)" },
  { has: "createOssClient(OSS, tokens", then: "await puts($.client)" },
  {
    has: "await client.multipartUpload(file.name, file)",
    given: `
      import { createTokenManager, isUploadTokenError } from "upload-token";
      import { createOssClient } from "upload-token/ali-oss";
      let asked = 0;
      const refused = async () => (asked++, new Response("{}", { status: 401 }));
      const good = createTokenManager({ source: "/api/sts" });
      const tokens = { getToken: () => (asked++ ? createTokenManager({ source: refused }).getToken() : good.getToken()), invalidate() {} };
      const client = await createOssClient(OSS, tokens, { region: "oss-cn-shanghai", bucket: "videos" });
      let signedIn = 0;
      const signIn = () => signedIn++;`,
    then: "$.signedIn === 1",
  },
];

function GIVEN_TOKENS() {
  return 'import { createTokenManager as make } from "upload-token"; const tokens = make({ source: "/api/sts" });';
}
