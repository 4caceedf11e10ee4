// Everything that can be wrong without a test failing: formatting, lints, documentation, types, packaging.
//
//   npm run check            stops at the first failure
import { existsSync } from "node:fs";
import { join } from "node:path";

import { build } from "./build.mjs";
import { command, root, run, say } from "./lib/run.mjs";
import { shellTests } from "./lib/suites.mjs";
import { setup } from "./setup.mjs";

const WASM = ["--package", "upload-token", "--target", "wasm32-unknown-unknown", "--locked"];
const HOST = ["--workspace", "--locked"];
const DENY = ["--", "--deny", "warnings"];
const RUSTDOC = { RUSTDOCFLAGS: "--deny warnings" };

/** Name → program, arguments, environment. */
const CHECKS = [
  ["cargo fmt", "cargo", ["fmt", "--all", "--check"]],
  ["cargo fmt (tools)", "cargo", ["fmt", "--manifest-path", "tools/Cargo.toml", "--check"]],
  ["clippy, host", "cargo", ["clippy", ...HOST, "--all-targets", ...DENY]],
  ["clippy, wasm32", "cargo", ["clippy", ...WASM, "--lib", ...shellTests(), ...DENY]],
  ["rustdoc, host", "cargo", ["doc", ...HOST, "--no-deps"], RUSTDOC],
  ["rustdoc, wasm32", "cargo", ["doc", ...WASM, "--no-deps", "--document-private-items"], RUSTDOC],
  ["tsc", "tsc", ["--project", "tsconfig.json", "--noEmit"]],
  ["prettier", "prettier", ["--check", "."]],
  ["publint", "publint", ["--strict"]],
  ["repository rules", "cargo", ["test", "--locked", "--package", "upload-token", "--test", "tidy"]],
];

await command(async () => {
  await setup({ browser: false });
  await build();
  for (const [name, program, args, env] of CHECKS) {
    say(`check      ${name}`);
    const local = join(root, "node_modules/.bin", program);
    await run(existsSync(local) ? local : program, args, { env });
  }
  say("check      all is well");
});
