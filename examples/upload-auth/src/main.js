import oss from "ali-oss/dist/aliyun-oss-sdk.min.js?url";
import vod from "aliyun-upload-vod/dist/aliyun-upload-vod.min.js?url";
import { createVodUploader, loadVod, observe } from "upload-token/vod";

const Vod = await loadVod({ oss, vod });
const uploader = createVodUploader(Vod, { uploadAuth: "/api/upload-auth" }, { userId: "1303984639806000" });
const uploads = observe(uploader);

uploads.subscribe(() => {
  const items = uploads.getSnapshot().files.map(({ name, state, share, error }) => {
    const item = document.createElement("li");
    item.textContent = `${name}: ${state} ${Math.round(share * 100)} % ${error?.message ?? ""}`;
    return item;
  });
  document.querySelector("ul").replaceChildren(...items);
});

document.querySelector("input").onchange = ({ target }) => uploads.add(target.files);
document.querySelector("button").onclick = () => uploads.start();
