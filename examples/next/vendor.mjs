// The vendor's two files are classic scripts: they are served as they are.
import { copyFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { basename } from "node:path";

const { resolve } = createRequire(import.meta.url);
mkdirSync("public/vendor", { recursive: true });
for (const file of ["ali-oss/dist/aliyun-oss-sdk.min.js", "aliyun-upload-vod/dist/aliyun-upload-vod.min.js"]) {
  copyFileSync(resolve(file), `public/vendor/${basename(file)}`);
}
