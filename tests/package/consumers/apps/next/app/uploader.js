"use client";

import Script from "next/script";
import { useEffect } from "react";
import { createTokenManager } from "ENTRY";
import { createVodUploader } from "upload-token/vod";

// Made while the server renders this, too: nothing happens until its first use.
const tokens = createTokenManager({ source: () => fetch("/api/sts", { method: "POST" }) });

export default function Uploader() {
  useEffect(() => {
    globalThis.token = async () => (await tokens.getToken()).accessKeyId;
    globalThis.uploadVod = (bytes) =>
      new Promise((resolve) => {
        const uploader = createVodUploader(globalThis.AliyunUpload.Vod, tokens, {
          userId: "1",
          onUploadSucceed: () => resolve("stored"),
          onUploadFailed: (info, code, message) => resolve(`${code}: ${message}`),
        });
        uploader.addFile(new File([bytes], "a.mp4"), null, null, null, JSON.stringify({ Vod: { Title: "a" } }));
        uploader.startUpload();
      });
  }, []);
  return (
    <>
      <Script src="/vendor/aliyun-oss-sdk.js" strategy="beforeInteractive" />
      <Script id="alias" strategy="beforeInteractive">{`window["ali-oss"] = window.OSS`}</Script>
      <Script src="/vendor/aliyun-upload-vod.js" strategy="beforeInteractive" />
    </>
  );
}
