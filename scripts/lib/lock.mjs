// One process at a time: two terminals may start at once, and both would install into the same place.
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { begun, runs } from "./processes.mjs";
import { root, say } from "./run.mjs";

const cache = join(root, ".cache");

/** What this process writes into its locks: of each of them another text. */
const held = new Set();
let nth = 0;

/** Runs `work` while this process alone holds the lock `name`; waits for a living holder, replaces a dead one. */
export async function exclusively(name, work) {
  mkdirSync(cache, { recursive: true });
  const file = join(cache, `${name}.lock`);
  const text = JSON.stringify([process.pid, begun(process.pid) ?? "", ++nth]);
  const mine = `${file}.${process.pid}.${nth}`;
  // That of a dead process with this one's number may be the lock itself.
  rmSync(mine, { force: true });
  writeFileSync(mine, text);
  held.add(text);
  try {
    let told = false;
    // A hard link either appears with its content or not at all, unlike a file that is created and then written.
    while (!take(mine, file)) {
      const holder = read(file);
      if (dead(holder)) {
        discard(file, { holder, mine });
      } else {
        const who = processOf(holder);
        if (!told && who) say(`waiting for process ${who}, which holds ${name}: ${remedy(file)}`);
        told ||= who !== undefined;
        await sleep(200);
      }
    }
    try {
      return await work();
    } finally {
      // Somebody may have followed the advice.
      if (read(file) === text) rmSync(file, { force: true });
    }
  } finally {
    held.delete(text);
    rmSync(mine, { force: true });
  }
}

/** What nobody but a person can know: another machine, or another container, may share this folder. */
function remedy(file) {
  return `remove ${relative(root, file)} if that is no run of this repository`;
}

function take(mine, file) {
  try {
    linkSync(mine, file);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
}

/** What stands in a lock; "" if there is none any more. */
function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/**
 * Removes the lock of a dead holder, under a lock of its own: whoever found it dead may come here when another has taken
 * its place.
 */
function discard(file, { holder, mine }) {
  const removing = `${file}.removing`;
  if (!take(mine, removing)) {
    // What is done under it takes no time: who still has it was killed.
    if (dead(read(removing))) rmSync(removing, { force: true });
    return;
  }
  if (read(file) === holder) rmSync(file, { force: true });
  rmSync(removing, { force: true });
}

/** The number of the process that wrote a lock's text. */
function processOf(holder) {
  return /\d+/.exec(holder)?.[0];
}

/** Whether the process that wrote `holder` has ended. Another may have its number by now: in a container, soon. */
function dead(holder) {
  const pid = Number(processOf(holder));
  if (!(pid > 0)) return false;
  if (pid === process.pid) return !held.has(holder);
  const [, then] = [JSON.parse(holder)].flat();
  const now = begun(pid);
  return !runs(pid) || Boolean(now && then && now !== then);
}
