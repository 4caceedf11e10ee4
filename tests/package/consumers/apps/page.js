// A page, as its author writes it: the vendor's SDK is in script tags. ENTRY is replaced by the entry that is tried.
import { createTokenManager } from "ENTRY";
import { createOssClient } from "upload-token/ali-oss";
import { createVodUploader } from "upload-token/vod";

const tokens = createTokenManager({ source: "/api/sts" });

globalThis.token = async () => (await tokens.getToken()).accessKeyId;

globalThis.failure = () =>
  tokens.getToken().then(
    () => "",
    ({ message }) => message,
  );

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

globalThis.uploadOss = async (bytes) => {
  const where = { region: "oss-cn-shanghai", bucket: "web-upload-app" };
  const client = await createOssClient(globalThis.OSS, tokens, where);
  const { res } = await client.put("b.bin", new Blob([bytes]));
  return res.status;
};
