// Lists what is left in the module, the largest first, in bench/README.md. Needs twiggy: `cargo install twiggy --locked`.
//
//   npm run build && node scripts/size.mjs
import { readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

import { command, root, run } from "./lib/run.mjs";
import { measure, table } from "./lib/sizes.mjs";
import { tools } from "./setup.mjs";

const SHOWN = 40;

await command(async () => {
  const target = resolve(root, process.env.CARGO_TARGET_DIR ?? "target");
  const out = join(root, ".cache/size");
  await rm(out, { recursive: true, force: true });
  const module = join(target, "wasm32-unknown-unknown/wasm/upload_token.wasm");
  await run(tools.wbg, ["--target", "web", "--keep-debug", "--out-dir", out, module]);
  const wasm = join(out, "upload_token_bg.wasm");
  await run(join(root, "node_modules/binaryen/bin/wasm-opt"), ["-Oz", "--low-memory-unused", "-g", wasm, "-o", wasm]);
  const { stdout } = await run("twiggy", ["top", "-n", "2000", "-f", "json", wasm]);
  const items = JSON.parse(stdout).filter(({ name }) => !/custom section|subsection/.test(name));
  const total = items.reduce((sum, { shallow_size: size }) => sum + size, 0);
  const rows = items
    .slice(0, SHOWN)
    .map(({ name, shallow_size: size }) => `| ${size.toLocaleString("en")} | \`${short(name)}\` |`);
  const lines = [
    "```text",
    table(await measure()),
    "```",
    "",
    `The module has ${total.toLocaleString("en")} bytes before compression. Function by function, without what they call:`,
    "",
    "| Bytes | Item |",
    "| ----: | ---- |",
    ...rows,
  ];
  const readme = join(root, "bench/README.md");
  const text = await readFile(readme, "utf8");
  const place = /(<!-- size -->)[^]*(<!-- \/size -->)/;
  await writeFile(
    readme,
    text.replace(place, (_, before, after) => [before, "", ...lines, "", after].join("\n")),
  );
  await run(join(root, "node_modules/.bin/prettier"), ["--write", readme]);
});

/** A symbol without hashes and generic noise. */
function short(name) {
  return name
    .replaceAll(/\[[0-9a-f]{16}\]|::h[0-9a-f]{16}/g, "")
    .replaceAll("|", "∣")
    .slice(0, 110);
}
