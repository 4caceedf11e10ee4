// Times calls in the engine that runs this: many short turns in random order, so that every contender has the same of
// whatever the machine does besides.
import { contenders } from "./contenders.mjs";

const CALLS = 5000;

/** Resolves with name → `{ peek?: ns[], get: ns[] }`, nanoseconds a call in each of `rounds` turns. */
export async function hot(createTokenManager, rounds) {
  const entries = Object.entries(await contenders(createTokenManager));
  const times = Object.fromEntries(entries.map(([name, { peek }]) => [name, { ...(peek && { peek: [] }), get: [] }]));
  // The first turns are for the compilers.
  for (let round = -20; round < rounds; round++) {
    for (const [name, { peek, get }] of shuffled(entries)) {
      const turn = { ...(peek && { peek: turnOf(peek) }), get: await awaited(get) };
      if (round < 0) continue;
      for (const [what, ns] of Object.entries(turn)) times[name][what].push(ns);
    }
  }
  return times;
}

/** What the calls return is used, or a compiler might leave them out. */
let sink = 0;

function turnOf(peek) {
  const from = performance.now();
  for (let call = 0; call < CALLS; call++) sink += peek() ? 1 : 0;
  return ((performance.now() - from) * 1e6) / CALLS;
}

async function awaited(get) {
  const from = performance.now();
  for (let call = 0; call < CALLS; call++) sink += (await get()) ? 1 : 0;
  return ((performance.now() - from) * 1e6) / CALLS;
}

function shuffled(list) {
  const copy = [...list];
  for (let last = copy.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [copy[last], copy[other]] = [copy[other], copy[last]];
  }
  return copy;
}

if (typeof window !== "undefined") window.hot = hot;
