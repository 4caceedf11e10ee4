// Formats everything that `npm run check` looks at.
import { join } from "node:path";

import { command, root, run } from "./lib/run.mjs";
import { setup } from "./setup.mjs";

await command(async () => {
  await setup({ browser: false });
  await run("cargo", ["fmt", "--all"], { echo: true });
  for (const crate of ["tools", "fuzz", "bench/fleet"]) {
    await run("cargo", ["fmt", "--manifest-path", `${crate}/Cargo.toml`], { echo: true });
  }
  await run(join(root, "node_modules/.bin/prettier"), ["--write", "--log-level", "warn", "."], { echo: true });
});
