import OSS from "ali-oss";
import { createTokenManager } from "upload-token";
import { createOssClient } from "upload-token/ali-oss";

const tokens = createTokenManager("/api/sts");
const client = await createOssClient(OSS, tokens, { region: "oss-cn-shanghai", bucket: "web-upload-app" });

document.querySelector("button").onclick = async () => {
  for (const file of document.querySelector("input").files) {
    const item = document.querySelector("ul").appendChild(document.createElement("li"));
    const show = (state) => (item.textContent = `${file.name}: ${state}`);
    try {
      await client.multipartUpload(file.name, file, { progress: (share) => show(`${Math.round(share * 100)} %`) });
      show("Success");
    } catch (error) {
      show(error.message);
    }
  }
};
