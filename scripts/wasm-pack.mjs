// wasm-pack with this repository's own tools in its path, for whoever is used to it.
//
//   npm run wasm-pack -- test --headless --chrome
//
// Nothing else here needs it: `npm test` runs the same tests by the same runner.
import { mkdir, rm, symlink } from "node:fs/promises";
import { delimiter, join } from "node:path";

import { ensureChrome } from "./lib/browsers.mjs";
import { command, root, run, say, which } from "./lib/run.mjs";
import { setup, tools } from "./setup.mjs";

const VERSION = "0.15.1";

await command(async () => {
  await setup();
  const { chromedriver } = await ensureChrome();
  const own = join(root, ".cache/tools/bin");
  if (!which("wasm-pack") && !which(join(own, "wasm-pack"))) {
    say(`wasm-pack  building ${VERSION} (about a minute)`);
    const install = ["install", "wasm-pack", "--version", VERSION, "--locked", "--debug"];
    await run("cargo", [...install, "--root", join(root, ".cache/tools")], { env: { CARGO_PROFILE_DEV_DEBUG: "0" } });
  }
  // wasm-pack takes the wasm-bindgen that it finds if its version is the crate's, and would fetch one otherwise.
  const names = join(root, ".cache/tools/names");
  await rm(names, { recursive: true, force: true });
  await mkdir(names, { recursive: true });
  await symlink(tools.wbg, join(names, "wasm-bindgen"));
  await symlink(tools.testRunner, join(names, "wasm-bindgen-test-runner"));
  const env = {
    PATH: [names, own, process.env.PATH].join(delimiter),
    CHROMEDRIVER: chromedriver,
    // The tests run in workers too, so that no one place is written into them.
    WASM_BINDGEN_USE_BROWSER: "1",
  };
  const { code } = await run("wasm-pack", process.argv.slice(2), { echo: true, check: false, env });
  process.exitCode = code;
});
