// What the system says of other processes.
import { readFileSync } from "node:fs";

import { ask } from "./run.mjs";

/** When the process of this number began, in words that only the same machine understands; `undefined` if nobody tells. */
export function begun(pid) {
  return fields(pid)?.[19] ?? ask("ps", ["-o", "lstart=", "-p", String(pid)]);
}

/** Whether a process of this number runs. One that has ended keeps its number until whoever started it asks how. */
export function runs(pid) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code !== "EPERM") return false;
  }
  return fields(pid)?.[0] !== "Z";
}

/** On Linux: its state, and as the 20th the moment at which it began. Before them is its name, in which there may be anything. */
function fields(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, "latin1")
      .replace(/^.*\) /s, "")
      .split(" ");
  } catch {
    return undefined;
  }
}
