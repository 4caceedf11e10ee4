// What the module holds: import this before the package. The counts are taken where the generated code makes and ends
// things, not from what the package says of itself.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
/** Collects garbage now. */
export const gc = runInNewContext("gc");

// Node has a module of its own, which is made later and has a table as well.
let memory;
let table;
const { instantiate, Memory } = WebAssembly;
WebAssembly.instantiate = async (source, imports) => {
  const made = await instantiate.call(WebAssembly, source, imports);
  const { exports } = made.instance ?? made;
  if (exports.__wbindgen_externrefs) {
    table = exports.__wbindgen_externrefs;
    // Its own names are short ones, given anew in each build: the memory is known by its type.
    memory = Object.values(exports).find((value) => value instanceof Memory);
  }
  return made;
};

// wasm-bindgen registers each closure and each object that it hands to JavaScript, so that they end when JavaScript
// forgets them, and unregisters those that Rust ends.
const registered = new Set();
const Registry = globalThis.FinalizationRegistry;
globalThis.FinalizationRegistry = class extends Registry {
  constructor(finalize) {
    super(({ held, token }) => {
      registered.delete(token);
      finalize(held);
    });
  }

  register(target, held, token) {
    // The token may be the target: a set of tokens would keep it alive.
    const kept = token === target ? new WeakRef(token) : token;
    registered.add(kept);
    if (kept !== token) targets.set(token, kept);
    super.register(target, { held, token: kept }, token);
  }

  unregister(token) {
    registered.delete(targets.get(token) ?? token);
    return super.unregister(token);
  }
};
const targets = new WeakMap();

const timers = new Set();
const { setTimeout: realSetTimeout, clearTimeout: realClearTimeout } = globalThis;

/** Counts the timers that are armed from now on. */
export function countTimers() {
  globalThis.setTimeout = (handler, delay) => {
    const timer = realSetTimeout(() => {
      timers.delete(timer);
      handler();
    }, delay);
    timers.add(timer);
    return timer;
  };
  globalThis.clearTimeout = (timer) => {
    timers.delete(timer);
    realClearTimeout(timer);
  };
}

/** Waits for the finalizers of what is garbage. */
export async function collect() {
  for (let turn = 0; turn < 10; turn++) {
    gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/**
 * What is held now: bytes of WebAssembly memory, entries of its table of JavaScript values, closures and objects of
 * Rust alive in JavaScript, armed timers, and bytes of the JavaScript heap after a collection.
 */
export async function meter() {
  await collect();
  return {
    memory: memory.buffer.byteLength,
    table: table.length,
    closures: registered.size,
    timers: timers.size,
    heap: process.memoryUsage().heapUsed,
  };
}
