// What is changed in the glue of wasm-bindgen.
import { Failure } from "./run.mjs";

/** Where the glue makes what turns texts into bytes and back, and what takes its place. */
const CODERS = [
  [/let cachedTextDecoder = new TextDecoder\((.*)\);\ncachedTextDecoder\.decode\(\);\n/, "let cachedTextDecoder;\n"],
  ["return cachedTextDecoder.decode(bytes)", "return (cachedTextDecoder ??= new TextDecoder(OPTIONS)).decode(bytes)"],
  // Every browser that can run the module has encodeInto.
  [/const cachedTextEncoder = new TextEncoder\(\);\n\nif [^]*?\n\}\n/, "let cachedTextEncoder;\n"],
  ["const buf = cachedTextEncoder.encode(", "const buf = (cachedTextEncoder ??= new TextEncoder()).encode("],
  ["const ret = cachedTextEncoder.encodeInto(", "const ret = (cachedTextEncoder ??= new TextEncoder()).encodeInto("],
];

/**
 * Returns the glue's source with nothing made when it is imported: jsdom, in which pages are tested, has neither coder,
 * and an import must not throw.
 *
 * @throws {Failure} if the glue is not of the form that is known here.
 */
export function withoutImportEffects(glue) {
  const options = CODERS[0][0].exec(glue)?.[1];
  let text = glue;
  for (const [pattern, by] of CODERS) {
    const changed = text.replace(pattern, by.replace("OPTIONS", options));
    if (changed === text) throw new Failure(`the glue of wasm-bindgen has no ${pattern}; see scripts/lib/glue.mjs`);
    text = changed;
  }
  return text;
}

/** Where the glue writes a text into the module's memory. */
const WRITES = "function passStringToWasm0(arg, malloc, realloc) {\n";
const REFUSES = `if (typeof arg !== "string") throw new TypeError("the module was given " + typeof arg + " for a text");\n`;

/**
 * Returns the glue's source with a check of what it takes for texts: of anything else it would write more than it asked
 * memory for, and the module would hang some calls later.
 *
 * @throws {Failure} as {@link withoutImportEffects}.
 */
export function withCheckedTexts(glue) {
  if (!glue.includes(WRITES)) throw new Failure(`the glue of wasm-bindgen has no ${WRITES}; see scripts/lib/glue.mjs`);
  return glue.replace(WRITES, WRITES + REFUSES);
}

/** Returns the glue's source with the globals of js/glue.ts in place of the platform's. */
export function withOwnGlobals(glue) {
  const names = "arm as setTimeout, disarm as clearTimeout, queueMicrotask";
  return `import { ${names} } from "../js/glue.js";\n${glue}`;
}
