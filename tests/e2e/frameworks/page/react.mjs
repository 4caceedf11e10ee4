import * as React from "react";
import { createElement, StrictMode, useEffect, version } from "react";
import { createRoot, hydrateRoot } from "react-dom/client";

import { createTokenManager } from "../../../../dist/index.js";
import { useTokenManager, useVodUploader } from "../../../../dist/react.js";
import { asking, complain, options, rendered, SERVED, shared, tests, text, Vod } from "./common.mjs";

function Upload({ keepAlive, source = "/api/sts", late, fails, signedOut, asks, shares, ...given }) {
  const kept = keepAlive === undefined ? {} : { keepAlive };
  const own = asks ? asking(given.label) : shares ? shared(given.label) : source;
  const { tokens, status } = useTokenManager({ source: own, ...kept });
  const vod = fails ? { load: () => Promise.reject(new Error(fails)) } : late ? null : Vod;
  const uploads = useVodUploader(vod, signedOut ? null : tokens, { ...options(given), ...kept });
  rendered({ tokens, status, ...uploads });
  useEffect(() => void (app.name = keepAlive));
  const items = uploads.files.map(({ id, name, state }) => createElement("li", { key: id }, `${name}: ${state}`));
  return createElement("ul", null, items);
}

function Served({ keepAlive }) {
  const { tokens, status } = useTokenManager({ source: "/api/sts", keepAlive });
  const uploads = useVodUploader(Vod, tokens, { ...options({}), keepAlive });
  rendered({ tokens, status, ...uploads });
  return createElement("p", null, text(status, uploads.files, uploads.uploader));
}

class Boundary extends React.Component {
  state = {};
  static getDerivedStateFromError = ({ code, message }) => ({ said: `${code}: ${message}` });
  render = () => this.state.said ?? this.props.children;
}

/** Makes its manager in its own function, as nobody should. */
function Remaking({ Vod }) {
  const tokens = createTokenManager({ source: "/api/sts" });
  const { files } = useVodUploader(Vod, tokens, options({}));
  return createElement("p", null, `${files.length} files`);
}

let root;

globalThis.app = {
  ...tests,
  version,
  mount(props = {}) {
    root ??= createRoot(document.querySelector("main"));
    const { mode, ...own } = props;
    const upload = createElement(Upload, own);
    // Which React 18 does not have.
    root.render(createElement(StrictMode, null, mode ? createElement(React.Activity, { mode }, upload) : upload));
  },
  hydrate(props) {
    const main = document.querySelector("main");
    main.innerHTML = SERVED;
    root = hydrateRoot(main, createElement(StrictMode, null, createElement(Served, props)), {
      onRecoverableError: complain,
    });
  },
  /** Renders a component whose manager is another one at each render; how many uploaders it came to. */
  remake(late) {
    let made = 0;
    class Counted extends Vod {
      constructor(options) {
        super(options);
        made++;
      }
    }
    root = createRoot(document.querySelector("main"), { onUncaughtError: () => {}, onCaughtError: () => {} });
    const given = late ? { load: () => new Promise((resolve) => setTimeout(resolve, 1, Counted)) } : Counted;
    root.render(createElement(Boundary, null, createElement(Remaking, { Vod: given })));
    return () => made;
  },
  unmount() {
    root.unmount();
    root = undefined;
  },
};
