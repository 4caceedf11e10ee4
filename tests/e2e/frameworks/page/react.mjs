import { createElement, StrictMode, version } from "react";
import { createRoot } from "react-dom/client";

import { useTokenManager, useVodUploader } from "../../../../dist/react.js";
import { options, rendered, tests, Vod } from "./common.mjs";

function Upload({ keepAlive, source = "/api/sts", late, fails, ...given }) {
  const kept = keepAlive === undefined ? {} : { keepAlive };
  const { tokens, status } = useTokenManager({ source, ...kept });
  const vod = fails ? { load: () => Promise.reject(new Error(fails)) } : late ? null : Vod;
  const uploads = useVodUploader(vod, tokens, { ...options(given), ...kept });
  rendered({ tokens, status, ...uploads });
  const items = uploads.files.map(({ id, name, state }) => createElement("li", { key: id }, `${name}: ${state}`));
  return createElement("ul", null, items);
}

let root;

globalThis.app = {
  ...tests,
  version,
  mount(props = {}) {
    root ??= createRoot(document.querySelector("main"));
    root.render(createElement(StrictMode, null, createElement(Upload, props)));
  },
  unmount() {
    root.unmount();
    root = undefined;
  },
};
