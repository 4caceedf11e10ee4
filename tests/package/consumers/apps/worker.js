// A dedicated worker: uploads what it is sent.
import { createTokenManager } from "ENTRY";
import { put } from "./put.js";

const tokens = createTokenManager({ source: "/api/sts" });

globalThis.addEventListener("message", async ({ data }) => {
  const bucket = "https://web-upload-app.oss-cn-shanghai.aliyuncs.com";
  const outcome = await put(tokens, bucket, data.name, data.bytes).catch(String);
  globalThis.postMessage(outcome);
});
