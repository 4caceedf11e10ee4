// Short names between the module and its glue: the long ones are 2 kB of what a page downloads.
import { Failure } from "./run.mjs";

/**
 * Returns the glue's source with the names that wasm-opt's `--minify-imports-and-exports-and-modules` gave
 * to what the module imports and exports. `names` is what that pass prints: `imports` as [module, name, short],
 * `exports` as [name, short].
 *
 * @throws {Failure} if the glue is not of the form that is known here.
 */
export function shortNames(glue, { imports, exports }) {
  let text = glue;
  const replace = (pattern, by, what) => {
    const changed = text.replace(pattern, by);
    if (changed === text) throw new Failure(`the glue of wasm-bindgen has no ${what}; see scripts/lib/names.mjs`);
    text = changed;
  };
  const modules = new Set(imports.map(([module]) => module));
  if (modules.size > 1) throw new Failure(`the module imports from ${[...modules].join(" and ")}; only one is known`);
  for (const module of modules) replace(`"${module}": import0`, "a: import0", `imports from ${module}`);
  for (const [, name, short] of imports) replace(new RegExp(`^( +)${name}:`, "m"), `$1${short}:`, `import ${name}`);
  for (const [name, short] of exports) {
    // Some are the module's own affair.
    text = text.replace(new RegExp(`\\bwasm\\.${name}\\b`, "g"), `wasm.${short}`);
  }
  if (/\bwasm\.\w{3,}/.test(text)) {
    const name = /\bwasm\.(\w{3,})/.exec(text)[1];
    throw new Failure(`the glue calls ${name}, which the module does not export; see scripts/lib/names.mjs`);
  }
  return text;
}
