// Lists what is left in the module, by room and the largest first, in bench/README.md. Needs twiggy:
// `cargo install twiggy --locked`.
//
//   npm run build && node scripts/size.mjs
import { readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

import { SMALLEST } from "./build.mjs";
import { command, root, run } from "./lib/run.mjs";
import { measure, table } from "./lib/sizes.mjs";
import { tools } from "./setup.mjs";

const SHOWN = 20;

/** What a function or a piece of data belongs to, by its name. The first that fits counts. */
const ROOMS = [
  ["data: sentences, names, tables", /^data segment/],
  ["core: reading answers", /upload_token::reply/],
  ["core: machine of a token, its clocks and numbers", /upload_token::(lifecycle|vault|clock|policy|context)/],
  ["core: machine of an upload", /upload_token::upload/],
  ["core: signing and reading calls to VOD", /upload_token::vod/],
  ["core: errors, credentials, times, JSON", /upload_token::(error|token|time|text|json|secret)/],
  [
    "shell: requests, to AppServers and to VOD",
    /upload_token::wasm::(request|body|vod|thrown|patience|driver::Driver<S>::ask)/,
  ],
  ["shell: what is written for a page", /upload_token::wasm::view/],
  ["shell: the rest", /upload_token::wasm|_externref_shim|externref shim|^(token|upload)core_/],
  ["serde, serde-wasm-bindgen, and its table of names", /serde|hashbrown/],
  ["sha1, hmac, base64ct", /sha1|hmac|digest|block_buffer|base64ct/],
  ["wasm-bindgen, js-sys, web-sys, gloo-timers", /wbindgen|wasm_bindgen|js_sys|web_sys|gloo|externref/],
  ["standard library, as far as this code calls for it, and the allocator", /./],
];

await command(async () => {
  const target = resolve(root, process.env.CARGO_TARGET_DIR ?? "target");
  const out = join(root, ".cache/size");
  await rm(out, { recursive: true, force: true });
  const module = join(target, "wasm32-unknown-unknown/wasm/upload_token.wasm");
  await run(tools.wbg, ["--target", "web", "--keep-debug", "--out-dir", out, module]);
  const wasm = join(out, "upload_token_bg.wasm");
  await run(join(root, "node_modules/binaryen/bin/wasm-opt"), [...SMALLEST, "-g", wasm, "-o", wasm]);
  const { stdout } = await run("twiggy", ["top", "-n", "2000", "-f", "json", wasm]);
  const items = JSON.parse(stdout).filter(({ name }) => !/custom section|subsection/.test(name));
  const total = items.reduce((sum, { shallow_size: size }) => sum + size, 0);
  const rows = items
    .slice(0, SHOWN)
    .map(({ name, shallow_size: size }) => `| ${size.toLocaleString("en")} | \`${short(name)}\` |`);
  const rooms = new Map(ROOMS.map(([room]) => [room, 0]));
  for (const { name, shallow_size: size } of items) {
    const [room] = ROOMS.find(([, pattern]) => pattern.test(name));
    rooms.set(room, rooms.get(room) + size);
  }
  const lines = [
    "```text",
    table(await measure()),
    "```",
    "",
    `The module has ${total.toLocaleString("en")} bytes before compression, a function counted without what it calls:`,
    "",
    "| Bytes | Of all | Room |",
    "| ----: | -----: | ---- |",
    ...Array.from(rooms, ([room, size]) => {
      return `| ${size.toLocaleString("en")} | ${((100 * size) / total).toFixed(1)} % | ${room} |`;
    }),
    "",
    "The largest of them:",
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
