// An AppServer with the local cloud, a browser, and pages made for the tests.
//
// A proxy takes every host name for the AppServer's TLS listener, so the SDKs talk to the vendor's real host names, over
// TLS, with real preflights; no request is routed or answered by the test. The sites of a process share its browser.
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";

import { build } from "esbuild";

import { buildAppServer, control, startAppServer, startProgram } from "../../../scripts/lib/app-server.mjs";
import { launchChrome } from "../../../scripts/lib/chrome.mjs";
import { fingerprint, stamped } from "../../../scripts/lib/fingerprint.mjs";
import { exclusively } from "../../../scripts/lib/lock.mjs";
import { root } from "../../../scripts/lib/run.mjs";
import { startProxy } from "./proxy.mjs";

export const ORIGIN = "https://app.test";

/** Versions of ali-oss that the SDK is bundled with; the first is the one that the vendor pairs with it. */
export const OSS = ["ali-oss-6.17", "ali-oss-6.10", "ali-oss"];

/** Page names: the SDK as a module with each ali-oss, and as the script tags that the vendor documents. */
export const PAGES = [...OSS, "script-tag"];

/** The page that tests open unless they name one; `E2E_PAGE` chooses another. */
const DEFAULT_PAGE = process.env.E2E_PAGE ?? PAGES[0];

/** The user's own build of the SDK, in place of the one from npm: a path, or nothing. */
const OWN_SDK = process.env.UPLOAD_VOD_SDK;

/** Runs with different builds go on side by side. */
const BUILD = OWN_SDK ? createHash("sha256").update(OWN_SDK).digest("hex").slice(0, 8) : "npm";

export const www = join(root, ".cache/e2e", BUILD);

/** What the vendor pairs its script tags with. */
const PAIRED_OSS = `node_modules/${OSS[0]}/dist/aliyun-oss-sdk.js`;

/** Builds {@link PAGES} into {@link www} if they are not there: files of tests that run at the same time share them. */
export function preparePages() {
  return exclusively(`e2e-pages-${BUILD}`, async () => {
    const made = [
      "tests/e2e/vod/page",
      "tests/e2e/support/site.mjs",
      "tests/e2e/support/parts.mjs",
      "package-lock.json",
    ];
    const inputs = await fingerprint(OWN_SDK ? [...made, relative(root, OWN_SDK)] : made);
    const outputs = PAGES.map((name) => join(www, `${name}.html`));
    await stamped(`e2e-pages-${BUILD}`, inputs, outputs, buildPages);
  });
}

async function buildPages() {
  await mkdir(www, { recursive: true });
  // Minified, as a page's own build does it: the SDKs are half of what a test's page computes.
  const common = { absWorkingDir: root, bundle: true, target: "es2022", outdir: www, minify: true, logLevel: "silent" };
  for (const oss of OSS) {
    const alias = { "ali-oss": oss, ...(OWN_SDK && { "aliyun-upload-vod": OWN_SDK }) };
    await build({
      ...common,
      format: "iife",
      tsconfigRaw: "{}",
      alias,
      entryPoints: { [oss]: "tests/e2e/vod/page/sdk.cjs" },
    });
  }
  const modules = ["harness", "frameworks", "react"].map((name) => `tests/e2e/vod/page/${name}.mjs`);
  const define = { "process.env.NODE_ENV": '"development"', __VUE_PROD_DEVTOOLS__: "false" };
  await build({ ...common, define, format: "esm", entryPoints: modules, external: ["/dist/*"] });
  for (const name of PAGES) {
    const tags = name === "script-tag" ? SCRIPT_TAGS : `<script src="/${name}.js"></script>`;
    await writeFile(join(www, `${name}.html`), page(name, tags + HARNESS));
  }
  await writeFile(join(www, "late-oss.html"), page("late-oss", LATE_OSS + HARNESS));
  await writeFile(join(www, "empty.html"), page("empty", ""));
  for (const name of ["frameworks", "react"]) {
    const scripts = `<script src="/${OSS[0]}.js"></script><script type="module" src="/${name}.js"></script>${HARNESS}`;
    await writeFile(join(www, `${name}.html`), page(name, `<div id="root"></div>${scripts}`));
  }
}

const page = (title, body) => `<!doctype html><title>${title}</title>${body}`;

const HARNESS = '<script type="module" src="/harness.js"></script>';

/** As the vendor's builds for script tags do, the SDK looks for `OSS` when it needs it. */
const LATE_OSS =
  '<script src="/vendor/aliyun-oss-sdk.js"></script>' +
  '<script>window["ali-oss"] = function (options) { return new window.OSS(options); }</script>' +
  '<script src="/vendor/aliyun-upload-vod.js"></script>';

const SCRIPT_TAGS =
  '<script src="/vendor/aliyun-oss-sdk.js"></script><script>window["ali-oss"] = window.OSS</script>' +
  '<script src="/vendor/aliyun-upload-vod.js"></script>';

/** The key of the cloud, for AppServers beside the site's own. */
const KEY = { id: "LTAI5tKeyOfTheTestSite0", secret: "not a secret anywhere else" };

/** Once a process, however many sites it opens. */
let built;

let browser;
let open = 0;

/** Builds and starts everything; `site.close()` ends it. */
export async function openSite() {
  open++;
  await (built ??= Promise.all([buildAppServer(), preparePages()]));
  const listen = ["--listen-tls", "127.0.0.1:0"];
  const vendor = OWN_SDK ? ["--vendor-upload-vod", OWN_SDK, "--vendor-oss-sdk", PAIRED_OSS] : [];
  const env = { UPLOAD_TOKEN_LOCAL_ACCESS_KEY: `${KEY.id}:${KEY.secret}` };
  const server = await startAppServer({ www, env, args: [...listen, ...vendor] });
  const proxy = await startProxy(new URL(server.https).host);
  return new Site(server, proxy, await (browser ??= launchChrome({ args: FLAGS })));
}

/** How long a program may take to end that was told to. */
const END_MS = 60_000;

/** Says which one does not end, in place of a file of tests that never does. */
async function end(what, ending) {
  let timer;
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error(`${what} did not end within ${END_MS / 1000} s`)), END_MS);
  });
  await Promise.race([ending, late]).finally(() => clearTimeout(timer));
}

const FLAGS = [
  "--ignore-certificate-errors",
  "--disable-quic",
  "--disable-background-networking",
  "--js-flags=--expose-gc",
];

class Site {
  #server;
  #proxy;
  #browser;
  #contexts = new Set();

  constructor(server, proxy, browser) {
    this.#server = server;
    this.#proxy = proxy;
    this.#browser = browser;
  }

  /** Another AppServer at the same cloud, with an account; users come in `X-User`. */
  instance(env = {}) {
    const cloud = (host) => `${this.#server.http}/__cloud/${host}`;
    return startProgram(["--listen", "127.0.0.1:0"], {
      env: {
        ALIBABA_CLOUD_ACCESS_KEY_ID: KEY.id,
        ALIBABA_CLOUD_ACCESS_KEY_SECRET: KEY.secret,
        ALIBABA_CLOUD_ROLE_ARN: "acs:ram::1234567890123456:role/web-upload",
        UPLOAD_TOKEN_STS_ENDPOINT: cloud("sts.aliyuncs.com"),
        UPLOAD_TOKEN_VOD_ENDPOINT: cloud("vod.cn-shanghai.aliyuncs.com"),
        UPLOAD_TOKEN_AUTH: "proxy-header:X-User",
        UPLOAD_TOKEN_ENDPOINTS: "upload-auth",
        UPLOAD_TOKEN_TICKET_KEYS: "0123456789abcdef0123456789abcdef",
        ...env,
      },
    });
  }

  control(method, path, body) {
    return control(this.#server.http, method, path, body);
  }

  /** A fresh cloud, with these settings and faults. */
  async reset({ config = {}, faults = [] } = {}) {
    await this.control("POST", "reset");
    await this.control("POST", "config", config);
    if (faults.length > 0) await this.control("POST", "faults", faults);
  }

  /** A page of a browser context of its own; `page.context().close()` ends it. */
  async blank() {
    const proxy = { server: `http://127.0.0.1:${this.#proxy.port}` };
    const context = await this.#browser.newContext({ ignoreHTTPSErrors: true, proxy });
    this.#contexts.add(context);
    context.on("close", () => this.#contexts.delete(context));
    const page = await context.newPage();
    // The browser's own account: a page's `unhandledrejection` misses what a body's reader rejects with.
    page.uncaught = [];
    page.on("pageerror", ({ message }) => page.uncaught.push(`uncaught: ${message}`));
    if (process.env.E2E_VERBOSE) {
      page.on("console", (message) => console.log(`  [page] ${message.text()}`));
      page.on("pageerror", (error) => console.log(`  [page] ${error.stack}`));
    }
    return page;
  }

  /** Opens one of {@link PAGES}, as {@link blank}. */
  async open(name = DEFAULT_PAGE) {
    const page = await this.blank();
    await this.load(page, name);
    return page;
  }

  async load(page, name = DEFAULT_PAGE) {
    await page.goto(`${ORIGIN}/${name}.html`);
    await page.waitForFunction(() => "harness" in window, undefined, { timeout: 15_000 });
  }

  /** What a test that failed has left open. */
  async closePages() {
    await Promise.all(Array.from(this.#contexts, (context) => context.close()));
  }

  log() {
    return this.control("GET", "log");
  }

  objects() {
    return this.control("GET", "objects");
  }

  async close() {
    if (--open === 0) {
      browser = undefined;
      await end("the browser", this.#browser.close());
    }
    await end("the proxy", this.#proxy.close());
    await end("the AppServer", this.#server.stop());
  }
}
