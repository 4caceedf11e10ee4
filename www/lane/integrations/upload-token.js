// With upload-token: nothing about tokens is left in the page.
import { createTokenManager } from "../../dist/index.js";
import { createVodUploader } from "../../dist/vod.js";

export function createUploader(Vod, options) {
  const tokens = createTokenManager({ source: "/api/sts" });

  const uploader = createVodUploader(Vod, tokens, options);
  return { uploader, tokens };
}
