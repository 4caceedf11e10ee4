// The hooks where there is no page: rendered to text in Node, they load nothing and ask for nothing.
import assert from "node:assert/strict";
import { test } from "node:test";

import { nodeJson } from "../../shell/facade/support.mjs";

const BEFORE = `
  const asked = [];
  globalThis.fetch = async (address) => asked.push(String(address));
  for (const name of ["compile", "instantiate", "Module"]) {
    const { [name]: real } = WebAssembly;
    WebAssembly[name] = function (...args) { asked.push(name); return new.target ? new real(...args) : real(...args); };
  }
  const load = () => asked.push("the SDK");
  const { sharedSource } = await import("./dist/tabs.js");
  const options = { source: sharedSource("/api/sts", { name: "a" }), keepAlive: "kept" };
`;
const AFTER = `
  await new Promise((done) => setTimeout(done, 50));
  console.log(JSON.stringify({ html, asked }));
`;

test("Vue", async () => {
  const { html, asked } = await nodeJson(`${BEFORE}
    const { createSSRApp, h } = await import("vue");
    const { renderToString } = await import("vue/server-renderer");
    const { useTokenManager, useVodUploader } = await import("./dist/vue.js");
    const app = createSSRApp({
      setup() {
        const { tokens, status } = useTokenManager(options);
        const { files } = useVodUploader({ load }, tokens, { keepAlive: "kept" });
        return () => h("p", status.value.state + " " + files.value.length);
      },
    });
    const html = await renderToString(app);
    ${AFTER}`);
  assert.deepEqual([html, asked], ["<p>empty 0</p>", []]);
});

test("React", async () => {
  const { html, asked } = await nodeJson(`${BEFORE}
    const { createElement } = await import("react");
    const { renderToString } = await import("react-dom/server");
    const { useTokenManager, useVodUploader } = await import("./dist/react.js");
    function Upload() {
      const { tokens, status } = useTokenManager(options);
      const { files } = useVodUploader({ load }, tokens, { keepAlive: "kept" });
      return createElement("p", null, status.state + " " + files.length);
    }
    const html = renderToString(createElement(Upload));
    ${AFTER}`);
  assert.deepEqual([html, asked], ["<p>empty 0</p>", []]);
});
