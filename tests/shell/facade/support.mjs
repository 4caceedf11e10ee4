// What the facade's tests share: replies, sources, and Node processes of their own.
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** A token as an AppServer sends it, the `n`th one, that lives `life` ms. */
export function reply(n, life = 3_600_000) {
  return {
    AccessKeyId: `STS.Key${n}`,
    AccessKeySecret: `CanarySecret${n}`,
    SecurityToken: `CanaryToken${n}`,
    expiresIn: life / 1000,
  };
}

/** A source that answers with the tokens 1, 2, 3, …; `source.requests` is what it was asked. */
export function counting(life) {
  const source = (request) => reply(source.requests.push(request), life);
  source.requests = [];
  return source;
}

/** A promise that is never settled. */
export const never = () => new Promise(() => {});

/** Resolves with the detail of the next `event`. */
export function next(tokens, event) {
  return new Promise((resolve) => {
    const end = tokens.on(event, (detail) => {
      end();
      resolve(detail);
    });
  });
}

/** Resolves when `test` holds. By turns, not by a clock: machines sleep, and are busy. */
export async function until(test, what = String(test)) {
  for (let turn = 0; !test(); turn++) {
    if (turn > 4000) throw new Error(`never: ${what}`);
    await sleep(2);
  }
}

/**
 * Runs a module text in a Node process of its own, from the package's directory. Resolves with its exit code, and what
 * it printed: `{ code, stdout, stderr }`.
 */
export function node(text, flags = []) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...flags, "--input-type=module", "--eval", text], { cwd: root });
    const result = { code: null, stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"]) child[name].on("data", (data) => (result[name] += data));
    child.on("error", reject).on("close", (code) => resolve({ ...result, code }));
  });
}

/** As {@link node}, for a text that prints one JSON value; fails unless it ended well. */
export async function nodeJson(text, flags) {
  const { code, stdout, stderr } = await node(text, flags);
  if (code !== 0) throw new Error(`the process ended with ${code}: ${stderr}`);
  return JSON.parse(stdout);
}
