// `npm test -- ali-oss` runs this folder.
//
// The browser builds of ali-oss, in Chromium, over TLS and with preflights.
import { describe } from "node:test";

import { launchChrome } from "../../../scripts/lib/chrome.mjs";
import { BUCKET } from "./cloud.mjs";
import { suite } from "./suite.mjs";

const BUILDS = [
  ["6.23.0, Chromium, V1", "ali-oss", {}],
  ["6.23.0, Chromium, V4", "ali-oss", { authorizationV4: true }],
  ["6.17.1, Chromium, V1", "ali-oss-6.17", {}],
  // It reads a Blob as a stream, which cannot be sent again.
  ["6.10.0, Chromium, V1", "ali-oss-6.10", {}, { kinds: ["client"], buffers: true }],
];

describe("Chromium", { concurrency: 4 }, () => {
  for (const [name, directory, options, { kinds, buffers = false } = {}] of BUILDS) {
    const start = async (cloud) => {
      const { port } = new URL(cloud.https);
      const browser = await launchChrome({
        args: [`--host-resolver-rules=MAP *.aliyuncs.com 127.0.0.1:${port}`, "--ignore-certificate-errors"],
      });
      const page = await browser.newPage({ ignoreHTTPSErrors: true });
      await page.goto(`${cloud.https}/`);
      await page.addScriptTag({ path: `node_modules/${directory}/dist/aliyun-oss-sdk.js` });
      await page.waitForFunction(() => "runScenario" in window && "OSS" in window);
      return {
        browser: true,
        run: (scenario, args) =>
          page.evaluate(
            ([scenario, client, args, buffers]) => window.runScenario(scenario, client, args, buffers),
            [scenario, { bucket: BUCKET, ...options }, args, buffers],
          ),
        stop: () => browser.close(),
      };
    };
    suite(name, start, kinds);
  }
});
