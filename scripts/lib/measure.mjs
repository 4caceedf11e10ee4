// Runs a program and all that it starts as one group, and says how long it took and how much of that it computed.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import { root } from "./run.mjs";

/** POSIX: the shell's `times` sums up the processes that it and its children have waited for. */
const TIMED = 'nice=$1; shift; nice -n "$nice" "$@"; code=$?; times >&3; exit $code';

/** How long what is told to end may take for it. */
const GRACE_MS = 10_000;

/** Group → how long it may take to end. */
const groups = new Map();
let over = false;
// Whoever breaks off leaves nothing behind.
process.once("exit", () => groups.forEach((_, group) => tell(group, "SIGTERM")));

/** Ends every program that still runs, with what it started, and begins no other. Resolves when nothing of it is there. */
export async function endAll() {
  over = true;
  await Promise.all([...groups.keys()].map(end));
}

/**
 * @param options.nice - How much others come first: 0 is not at all.
 * @param options.timeout - Milliseconds after which it is ended.
 * @param options.grace - Milliseconds that it may take to end.
 * @param options.onOutput - Is given the text as it comes.
 * @returns `{ code, output, seconds, computed }`, the last in seconds of one core
 */
export function measure({ program, args, env }, { nice, timeout, grace = GRACE_MS, onOutput }) {
  if (over) return new Promise(() => {});
  const began = performance.now();
  const child = spawn("sh", ["-c", TIMED, "sh", String(nice), program, ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    detached: true,
  });
  groups.set(child.pid, grace);
  yieldBy(child.pid, nice);
  let output = "";
  const hear = (text) => {
    output += text;
    onOutput(text);
  };
  child.stdout.setEncoding("utf8").on("data", hear);
  child.stderr.setEncoding("utf8").on("data", hear);
  let times = "";
  child.stdio[3].setEncoding("utf8").on("data", (text) => (times += text));
  const timer = setTimeout(() => {
    hear(`\nended after ${timeout / 60_000} minutes\n`);
    end(child.pid);
  }, timeout);
  return new Promise((resolve, reject) => {
    child.on("error", (error) => {
      clearTimeout(timer);
      groups.delete(child.pid);
      reject(error);
    });
    // What it left behind would compute beside the next one, and hold its output open.
    child.on("exit", () => end(child.pid).then(() => groups.delete(child.pid)));
    child.on("close", (code) => {
      clearTimeout(timer);
      if (!over)
        resolve({ code: code ?? 128, output, seconds: (performance.now() - began) / 1000, computed: seconds(times) });
    });
  });
}

/** Linux shares the processor out among sessions first: what is nice is so only to others of its own session. */
function yieldBy(session, nice) {
  try {
    writeFileSync(`/proc/${session}/autogroup`, String(nice));
  } catch {
    // Another system, or a Linux that does not group.
  }
}

/** `0m1.5s 0m0.2s`, of the shell and, in the second line, of its children: user and system. */
function seconds(times) {
  const parts = Array.from(times.matchAll(/(\d+)m([\d.,]+)s/g));
  return parts.reduce((sum, [, minutes, rest]) => sum + 60 * minutes + Number(rest.replace(",", ".")), 0);
}

/** Ends a group: in its own way, or if it does not, at once. */
async function end(group) {
  let signal = "SIGTERM";
  for (const began = performance.now(); tell(group, signal); signal = 0) {
    if (performance.now() - began > (groups.get(group) ?? GRACE_MS)) return tell(group, "SIGKILL");
    await sleep(50);
  }
}

/** Whether there is somebody in the group to hear it; 0 only asks. */
function tell(group, signal) {
  try {
    return process.kill(-group, signal);
  } catch {
    return false;
  }
}
