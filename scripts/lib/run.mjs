// Running other programs and saying what is being done. Node built-ins only: this is loaded before
// any dependency is there.
import { spawn, spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's directory. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

/** A failure whose message is all that the user needs: printed without a stack. */
export class Failure extends Error {}

const started = performance.now();

/** Prints one line with the time since the command started. */
export function say(text) {
  const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(6);
  console.log(`${seconds} s  ${text}`);
}

/**
 * Runs `program` and resolves with `{ code, stdout, stderr, output }`; `output` is both in order of arrival.
 *
 * @param options.echo - Also pass everything on to this process's own output as it comes.
 * @param options.check - Throw a {@link Failure} with the output's end unless the exit code is 0 (default true).
 */
export function run(program, args = [], { echo = false, check = true, env, cwd = root } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    const forward = (signal) => child.kill(signal);
    process.on("SIGINT", forward).on("SIGTERM", forward);
    const done = () => process.off("SIGINT", forward).off("SIGTERM", forward);
    const result = { code: -1, stdout: "", stderr: "", output: "" };
    for (const name of ["stdout", "stderr"]) {
      child[name].setEncoding("utf8").on("data", (text) => {
        result[name] += text;
        result.output += text;
        if (echo) process[name].write(text);
      });
    }
    child.on("error", (error) => {
      done();
      reject(error.code === "ENOENT" ? new Failure(`${program} is not installed or not on PATH`) : error);
    });
    child.on("close", (code, signal) => {
      done();
      result.code = code ?? 128;
      if (check && result.code !== 0) {
        const tail = echo ? "" : `\n${result.output.trimEnd().split("\n").slice(-40).join("\n")}`;
        reject(
          new Failure(`${[program, ...args].join(" ")} ended with ${signal ?? `exit code ${result.code}`}${tail}`),
        );
      } else {
        resolve(result);
      }
    });
  });
}

/** The output of a short command, trimmed, or `undefined` if it cannot be run or fails. */
export function ask(program, args = []) {
  const { status, stdout } = spawnSync(program, args, { cwd: root, encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

/** The full path of `program`, which is a path or a name looked up on PATH; `undefined` if it is not there. */
export function which(program) {
  const places = program.includes("/") ? [""] : (process.env.PATH ?? "").split(delimiter);
  for (const place of places) {
    const file = place === "" ? program : join(place, program);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // The next one.
    }
  }
  return undefined;
}

/** Runs a script's `main`: prints a {@link Failure} as one message, anything else with its stack; sets the exit code. */
export async function command(main) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof Failure ? `\nerror: ${error.message}` : error);
    process.exitCode = 1;
  }
}

/** Whether the module at `url` is the script that Node was started with. */
export function isMain(url) {
  return process.argv[1] !== undefined && fileURLToPath(url) === process.argv[1];
}
