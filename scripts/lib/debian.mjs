// Programs that are not npm's and not cargo's: found on PATH, installed from Debian's packages where they are not.
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import { ask, Failure, run, say, which } from "./run.mjs";

/** The path of the first of `candidates` that is there, or `undefined`. */
export function first(candidates) {
  for (const candidate of candidates) {
    const found = candidate && which(candidate);
    if (found) return found;
  }
  return undefined;
}

/** Installs Debian packages as root or with a sudo that asks nothing; otherwise fails with the command to type. */
export async function installPackages(what, packages, { else: advice }) {
  const install = `apt-get install -y --no-install-recommends ${packages.join(" ")}`;
  if (!isDebian()) throw new Failure(`${what} not found: ${advice}`);
  const prefix =
    process.getuid?.() === 0
      ? []
      : which("sudo") && ask("sudo", ["-n", "true"]) !== undefined
        ? ["sudo", "-n"]
        : undefined;
  if (!prefix) throw new Failure(`${what} not found: run\n  sudo apt-get update && sudo ${install}`);
  say(`installing ${what}: ${install}`);
  await apt(prefix, ["update"]);
  await apt(prefix, install.split(" ").slice(1));
}

/** Runs apt-get, and again while somebody else holds one of its locks (its own timeout covers only some of them). */
async function apt(prefix, args) {
  const [program, ...rest] = [...prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", ...args];
  const deadline = Date.now() + 10 * 60_000;
  for (let told = false; ; told = true) {
    const { code, output } = await run(program, rest, { check: false });
    if (code === 0) return;
    if (!/Could not get lock|Unable to lock/.test(output) || Date.now() > deadline) {
      throw new Failure(`apt-get ${args.join(" ")} failed:\n${output.trimEnd().split("\n").slice(-15).join("\n")}`);
    }
    if (!told) say("another program holds apt's lock: waiting");
    await sleep(2000);
  }
}

function isDebian() {
  if (!existsSync("/etc/os-release") || !which("apt-get")) return false;
  return /^ID(_LIKE)?=.*\bdebian\b/m.test(readFileSync("/etc/os-release", "utf8"));
}
