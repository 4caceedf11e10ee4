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
    for (const match of text.matchAll(/^```(\S*)(.*)\n([\s\S]*?)^```$/gm)) {
      const line = text.slice(0, match.index).split("\n").length;
      // What is a file has a test of its own: of "Getting started" in the consumers' suite, of examples/ in this one.
      if (match[2] === "") found.push({ file, line, language: match[1], code: match[3] });
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
  {
    has: "for (const file of input.files",
    given: "document.body.innerHTML = '<input type=file multiple><output></output>';",
    then: `(() => {
      const chosen = new DataTransfer();
      chosen.items.add(file);
      $.input.files = chosen.files;
      $.input.dispatchEvent(new Event("change"));
      return stored(file);
    })()`,
  },
  { has: 'loadVod({ oss: "/vendor', then: "await uploads($.uploader)" },
  { has: "loadVod({ oss, vod })", then: "await choose(file)" },
  {
    has: 'headers: { "x-csrftoken"',
    given: `
      import { createTokenManager as make } from "upload-token";
      const made = [];
      const createTokenManager = (options) => made.push(make(options));
      const csrfToken = () => "a";
      ${GIVEN_WATCHED_FETCH()}`,
    then: "(await $.made[0].getToken(), $.asked[0].headers.get('x-csrftoken') === 'a')",
  },
  {
    has: 'require("util")',
    // As in jsdom: only Node's own module has them.
    given: `
      const kept = { TextDecoder: globalThis.TextDecoder, TextEncoder: globalThis.TextEncoder };
      globalThis.util = kept;
      for (const name of Object.keys(kept)) delete globalThis[name];`,
    then: "Object.entries($.kept).every(([name, value]) => value && globalThis[name] === value)",
  },
  {
    has: "tokens.reset();",
    then: `(async () => {
      const former = await $.tokens.getToken();
      $.uploader.addFile(file, null, null, null, "{}");
      $.onSignOut();
      const { accessKeyId } = await $.tokens.getToken();
      return $.uploader.listFiles().length === 0 && accessKeyId !== former.accessKeyId && (await uploads($.uploader));
    })()`,
  },
  {
    has: "const onLeave = () => {",
    given: `
      import { createTokenManager } from "upload-token";
      import { createVodUploader } from "upload-token/vod";
      const tokens = createTokenManager({ source: "/api/sts" });
      const uploader = createVodUploader(AliyunUpload.Vod, tokens, { userId });
      uploader.addFile(file, null, null, null, "{}");`,
    then: `($.onLeave(), $.uploader.listFiles().length === 0) &&
      (await $.tokens.getToken().catch(({ code }) => code)) === "closed"`,
  },
  {
    has: 'if (code !== "unauthenticated") return',
    given: "const signIn = () => {};",
    then: "await uploads($.uploader)",
  },
  { has: 'scope: "tenant-a"', given: GIVEN_TOKENS(), then: "$.mine.accessKeyId !== $.theirs.accessKeyId" },
  { has: 'AccessKeyId: "STS.test"', then: "$.accessKeyId === 'STS.test'" },
  { has: 'new Response("{}", { status: 401 }) });\n\nconst code', then: "$.code === 'unauthenticated'" },
  {
    has: 'control("POST", "config"',
    then: `(await $.control("GET", "config")).stsLifeMs === 3000 && $.planned.length === 2
      && Array.isArray($.objects) && Array.isArray($.log)`,
  },
  { has: "mandatoryWindow: 120_000", then: GIVES_A_TOKEN() },
  { has: "mapReply: (reply)", then: GIVES_A_TOKEN() },
  {
    has: '"x-csrf-token": csrf()',
    given: `document.head.innerHTML = '<meta name=csrf content=abc>'; ${GIVEN_WATCHED_FETCH()}`,
    then: "(await $.tokens.getToken(), $.asked[0].headers.get('x-csrf-token') === 'abc')",
  },
  {
    has: "authorization: `Bearer ${session}`",
    given: `const session = "abc"; ${GIVEN_WATCHED_FETCH()}`,
    then: `(await $.tokens.getToken(), $.asked[0].url === "https://api.example.com/sts" &&
      $.asked[0].credentials === "include" && $.asked[0].headers.get("authorization") === "Bearer abc")`,
  },
  {
    has: 'tokens.on("refreshFailed", ({ error, retryIn',
    given: `
      import { createTokenManager } from "upload-token";
      const warned = [];
      console.warn = (...words) => warned.push(words);
      const tokens = createTokenManager({ source: async () => new Response("{}", { status: 401 }) });`,
    then: "(await $.tokens.getToken().catch(() => {}), $.warned[0][0] === 'unauthenticated')",
  },
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
  {
    has: "const store = observe(uploader)",
    given: `
      import { createTokenManager } from "upload-token";
      import { createVodUploader, observe } from "upload-token/vod";
      const tokens = createTokenManager({ source: "/api/sts" });
      const uploader = createVodUploader(AliyunUpload.Vod, tokens, { userId: "1" });
      const said = [];
      console.log = (...words) => said.push(words);`,
    then: `(await uploads($.uploader)) && $.said.some(([, state]) => state === "Uploading")`,
  },
  {
    has: "return () => uploader.dispose()",
    given: `
      import { createTokenManager } from "upload-token";
      import { createVodUploader as make } from "upload-token/vod";
      const tokens = createTokenManager({ source: "/api/sts" });
      const options = { userId: "1" };
      const made = [];
      const createVodUploader = (...given) => (made.push(make(...given)), made.at(-1));
      let cleanUp = undefined;
      const useEffect = (effect) => (cleanUp = effect());`,
    then: `($.made[0].addFile(file, null, null, null, "{}"), $.made[0].listFiles().length === 1) &&
      ($.cleanUp(), $.made[0].listFiles().length === 0)`,
  },
  {
    has: "info.videoInfo.TemplateGroupId = templateGroupId",
    given: "globalThis.fetch = async () => Response.json({ title: 'A', templateGroupId: 'b' });",
    then: `(async () => {
      const info = { videoInfo: {} };
      await $.options.onUploadstarted(info);
      return info.videoInfo.Title === "A" && info.videoInfo.TemplateGroupId === "b";
    })()`,
  },
  {
    has: '"https://oss-cn-shanghai.aliyuncs.com", "my-bucket"',
    given: `
      import { createVodUploader } from "upload-token/vod";
      ${GIVEN_TOKENS()}
      const uploader = createVodUploader(AliyunUpload.Vod, tokens, { userId: "1" });`,
    then: "$.uploader.listFiles()[0]._bucket === 'my-bucket'",
  },
  {
    has: "credentials: s3Credentials(tokens)",
    then: "(await $.client.config.credentials()).accessKeyId.startsWith('STS.')",
  },
  {
    has: "uppyCredentials(tokens",
    then: `$.uppy.getPlugin("AwsS3").opts.getCredentials({})
      .then(({ credentials }) => credentials.accessKeyId.startsWith("STS."))`,
  },
  {
    has: "cosAuthorization(tokens)",
    given: `
      const credentials = { tmpSecretId: "AKID.1", tmpSecretKey: "a", sessionToken: "b" };
      globalThis.fetch = async () => Response.json({ credentials, expiredTime: Math.ceil(Date.now() / 1000) + 3600 });`,
    then: `new Promise((resolve) => $.cos.options.getAuthorization({}, resolve))
      .then(({ TmpSecretId }) => TmpSecretId === "AKID.1")`,
  },
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

function GIVES_A_TOKEN() {
  return "(await $.tokens.getToken()).accessKeyId.startsWith('STS.')";
}

/** What the page asks for is in `asked`, and the local AppServer answers it. */
function GIVEN_WATCHED_FETCH() {
  return `
    const asked = [];
    const local = globalThis.fetch;
    globalThis.fetch = (...request) => {
      asked.push(new Request(...request));
      return local("/api/sts", { method: "POST" });
    };`;
}

function GIVEN_TOKENS() {
  return 'import { createTokenManager as make } from "upload-token"; const tokens = make({ source: "/api/sts" });';
}
