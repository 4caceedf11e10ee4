"use client";

import { useTokenManager, useVodUploader } from "upload-token/react";
import { loadVod } from "upload-token/vod";

// Copied there by vendor.mjs.
const oss = "/vendor/aliyun-oss-sdk.min.js";
const vod = "/vendor/aliyun-upload-vod.min.js";

export function Uploads() {
  const { tokens } = useTokenManager({ source: "/api/sts" });
  const { files, active, loadError, add, start } = useVodUploader({ load: () => loadVod({ oss, vod }) }, tokens, {
    region: "cn-shanghai",
    userId: "1303984639806000",
  });
  return (
    <>
      <input type="file" multiple aria-label="Files" onChange={({ target }) => add(target.files)} />
      <button disabled={active} onClick={start}>
        Start
      </button>
      {loadError && <p role="alert">{loadError.message}</p>}
      <ul>
        {files.map(({ id, name, state, share, error }) => (
          <li key={id}>
            {name}: {state} {Math.round(share * 100)} % {error?.message}
          </li>
        ))}
      </ul>
    </>
  );
}
