// One process at a time: two terminals may start at once, and both would install into the same place.
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { root, say } from "./run.mjs";

const cache = join(root, ".cache");

/** Runs `work` while this process alone holds the lock `name`; waits for a living holder, replaces a dead one. */
export async function exclusively(name, work) {
  mkdirSync(cache, { recursive: true });
  const file = join(cache, `${name}.lock`);
  const mine = `${file}.${process.pid}`;
  writeFileSync(mine, String(process.pid));
  try {
    let told = false;
    // A hard link either appears with its content or not at all, unlike a file that is created and then written.
    while (!take(mine, file)) {
      const holder = Number(read(file));
      if (holder > 0 && !alive(holder)) {
        discard(file, holder);
      } else {
        if (!told) say(`waiting for process ${holder || "?"}, which holds ${name}`);
        told = true;
        await sleep(200);
      }
    }
    try {
      return await work();
    } finally {
      rmSync(file, { force: true });
    }
  } finally {
    rmSync(mine, { force: true });
  }
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

function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** Removes a dead holder's lock, unless somebody else has replaced it since it was read. */
function discard(file, holder) {
  const aside = `${file}.stale.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  if (Number(read(aside)) !== holder) take(aside, file);
  rmSync(aside, { force: true });
}

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
