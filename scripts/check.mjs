// Everything that can be wrong without a test failing: formatting, lints, documentation, types, packaging.
//
//   npm run check            runs all of it, and fails if anything is wrong
import { existsSync } from "node:fs";
import { join } from "node:path";

import { build } from "./build.mjs";
import { command, Failure, root, run, say } from "./lib/run.mjs";
import { IN_BROWSERS } from "./lib/suites.mjs";
import { checkSizes } from "./lib/sizes.mjs";
import { setup } from "./setup.mjs";

const WASM = ["--package", "upload-token", "--target", "wasm32-unknown-unknown", "--locked"];
const WORKER = ["--package", "upload-token-localcloud-worker", "--target", "wasm32-unknown-unknown", "--locked"];
const HOST = ["--workspace", "--locked"];
const DENY = ["--", "--deny", "warnings"];
const UNTYPED = ["./wasm/upload_token_bg.wasm", "./upload-token.global.js", "./aliyun-upload-vod"];
// Its own lock file changes with the dependencies of this crate, and only `npm run bench` builds it.
const FLEET = ["--target-dir", "target/fleet"];
const RUSTDOC = { RUSTDOCFLAGS: "--deny warnings" };

/** Name → program, arguments, environment. */
const CHECKS = [
  ["cargo fmt", "cargo", ["fmt", "--all", "--check"]],
  ["cargo fmt (tools)", "cargo", ["fmt", "--manifest-path", "tools/Cargo.toml", "--check"]],
  ["cargo fmt (fuzz)", "cargo", ["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"]],
  ["cargo fmt (fleet)", "cargo", ["fmt", "--manifest-path", "bench/fleet/Cargo.toml", "--check"]],
  ["lock file (fuzz)", "cargo", ["tree", "--locked", "--manifest-path", "fuzz/Cargo.toml"]],
  ["clippy, fleet", "cargo", ["clippy", "--locked", "--manifest-path", "bench/fleet/Cargo.toml", ...FLEET, ...DENY]],
  ["clippy, host", "cargo", ["clippy", ...HOST, "--all-targets", ...DENY]],
  ["clippy, wasm32", "cargo", ["clippy", ...WASM, "--lib", ...IN_BROWSERS, ...DENY]],
  ["clippy, worker", "cargo", ["clippy", ...WORKER, ...DENY]],
  ["rustdoc, host", "cargo", ["doc", ...HOST, "--no-deps"], RUSTDOC],
  ["rustdoc, wasm32", "cargo", ["doc", ...WASM, "--no-deps", "--document-private-items"], RUSTDOC],
  ["tsc", "tsc", ["--project", "tsconfig.json", "--noEmit"]],
  ["prettier", "prettier", ["--check", "."]],
  ["publint", "publint", ["--strict"]],
  ["are the types wrong", "attw", ["--pack", ".", "--exclude-entrypoints", ...UNTYPED]],
  ["typedoc", "typedoc", []],
  ["repository rules", "cargo", ["test", "--locked", "--package", "upload-token", "--test", "tidy"]],
];

await command(async () => {
  await setup({ browser: false });
  await build();
  const wrong = [];
  for (const [name, program, args, env] of CHECKS) {
    say(`check      ${name}`);
    const local = join(root, "node_modules/.bin", program);
    const { code, output } = await run(existsSync(local) ? local : program, args, { check: false, env });
    if (code === 0) continue;
    console.log(output.trimEnd());
    wrong.push(name);
  }
  say("check      sizes");
  const size = await checkSizes();
  if (size) console.log(size);
  if (size) wrong.push("sizes");
  if (wrong.length > 0) throw new Failure(`${wrong.length} of ${CHECKS.length + 1} checks failed: ${wrong.join("; ")}`);
  say("check      all is well");
});
