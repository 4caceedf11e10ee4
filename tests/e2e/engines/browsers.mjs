// The three engines, started through their drivers.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";

import { Builder, Capabilities } from "selenium-webdriver";

import { Failure } from "../../../scripts/lib/run.mjs";

/** Where the distributions put the browser that WebKitGTK's driver starts. */
const MINI_BROWSERS = ["x86_64-linux-gnu", "aarch64-linux-gnu"].map(
  (machine) => `/usr/lib/${machine}/webkit2gtk-4.1/MiniBrowser`,
);
/** The SDK's constructor throws in a browser whose name it does not know, such as any WebKit on Linux. */
const SAFARI =
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15";
const ROOT = process.getuid?.() === 0;

/** Engine → its driver's program, and the capabilities that send every host to `proxy` and accept its certificate. */
const ENGINES = {
  chromium: {
    driver: () => [process.env.CHROMEDRIVER, (port) => [`--port=${port}`]],
    capabilities: (proxy) => ({
      browserName: "chrome",
      "goog:chromeOptions": {
        binary: process.env.CHROME_PATH,
        args: ["--headless=new", "--disable-dev-shm-usage", "--disable-quic", ...(ROOT ? ["--no-sandbox"] : [])],
      },
      proxy,
    }),
  },
  firefox: {
    driver: () => [process.env.GECKODRIVER, (port) => ["--port", String(port)]],
    capabilities: (proxy) => ({
      browserName: "firefox",
      "moz:firefoxOptions": { binary: process.env.FIREFOX_PATH, args: ["-headless"] },
      proxy,
    }),
  },
  webkit: {
    // What it starts needs a display.
    driver: () => [process.env.XVFB, (port) => ["-a", process.env.WEBKITDRIVER, `--port=${port}`]],
    // As a capability, a proxy for https is one that TLS is spoken to. The driver's own connection must not take it.
    env: (address) => ({ https_proxy: `http://${address}`, no_proxy: "127.0.0.1,localhost" }),
    capabilities: () => ({
      browserName: "MiniBrowser",
      "webkitgtk:browserOptions": {
        binary: MINI_BROWSERS.find(existsSync),
        args: ["--automation", `--user-agent=${SAFARI}`],
      },
    }),
  },
};

/**
 * Starts an engine that reaches every host through the proxy on `port`.
 *
 * @returns `{ browser, version, close }`: selenium's driver, and name and version as the engine gives them.
 */
export async function launch(name, port) {
  const [program, args] = ENGINES[name].driver();
  if (!program) throw new Failure(`no driver for ${name}: run \`npm run setup -- firefox webkit\``);
  const free = await freePort();
  // A group of its own: xvfb-run leaves what it started behind when it alone is ended.
  const address = `127.0.0.1:${port}`;
  const env = { ...process.env, ...ENGINES[name].env?.(address) };
  const process_ = spawn(program, args(free), { stdio: ["ignore", "ignore", "pipe"], detached: true, env });
  let said = "";
  process_.stderr.setEncoding("utf8").on("data", (text) => (said = (said + text).slice(-4000)));
  const end = () => {
    try {
      process.kill(-process_.pid, "SIGTERM");
    } catch {
      // It has ended by itself.
    }
  };
  process.once("exit", end);
  const proxy = { proxyType: "manual", sslProxy: address, httpProxy: address };
  const capabilities = { acceptInsecureCerts: true, ...ENGINES[name].capabilities(proxy) };
  const url = `http://127.0.0.1:${free}`;
  if (!(await ready(url, process_))) {
    const ended = process_.exitCode === null ? "does not answer" : `ended with ${process_.exitCode}`;
    end();
    throw new Failure(`the driver of ${name} ${ended}\n${said.trimEnd().split("\n").slice(-20).join("\n")}`);
  }
  const browser = await new Builder().usingServer(url).withCapabilities(new Capabilities(capabilities)).build();
  const seen = await browser.getCapabilities();
  await browser.manage().setTimeouts({ script: 120_000, pageLoad: 30_000 });
  const close = async () => {
    await browser.quit().catch(() => {});
    end();
  };
  return { browser, version: `${seen.getBrowserName()} ${seen.getBrowserVersion()}`, close };
}

function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

/** Whether the driver at `url` answers: in moments, or on a busy machine after a while; not if its process has ended. */
async function ready(url, driver) {
  for (let tries = 0; tries < 600 && driver.exitCode === null; tries++) {
    const answer = await fetch(`${url}/status`).catch(() => undefined);
    if (answer?.ok) return true;
    await new Promise((done) => setTimeout(done, 100));
  }
  return false;
}
