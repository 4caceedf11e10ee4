// A page of React: under StrictMode every effect runs, is cleaned up, and runs again.
import { createElement, StrictMode, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";

import { createTokenManager } from "/dist/index.js";
import { createVodUploader } from "/dist/vod.js";

/** Makes both in an effect and ends both in its clean-up; `window.current` is what the page works with. */
function Page({ options }) {
  const [ended, setEnded] = useState("");
  useEffect(() => {
    const tokens = createTokenManager({ source: "/api/sts" });
    const uploader = createVodUploader(window.AliyunUpload.Vod, tokens, {
      ...options,
      onUploadSucceed: ({ file }) => setEnded(`stored ${file.name}`),
      onUploadFailed: (info, code) => setEnded(`failed ${code}`),
    });
    window.current = uploader;
    window.made = (window.made ?? 0) + 1;
    return () => {
      uploader.dispose();
      tokens.close();
    };
  }, [options]);
  return createElement("output", null, ended);
}

const OPTIONS = { userId: "1" };

window.render = () => {
  const root = createRoot(document.getElementById("root"));
  root.render(createElement(StrictMode, null, createElement(Page, { options: OPTIONS })));
  return () => root.unmount();
};
