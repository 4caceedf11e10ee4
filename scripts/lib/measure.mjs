// Runs a program and all that it starts as one group, and says how long it took and how much of that it computed.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";

import { root } from "./run.mjs";

/** POSIX: the shell's `times` sums up the processes that it and its children have waited for. */
const TIMED = 'nice=$1; shift; nice -n "$nice" "$@"; code=$?; times >&3; exit $code';

const groups = new Set();

/** Ends every program that still runs, with what it started. */
export function endAll() {
  for (const group of groups) end(group);
}

/**
 * @param options.nice - How much others come first: 0 is not at all.
 * @param options.timeout - Milliseconds after which it is ended.
 * @param options.onOutput - Is given the text as it comes.
 * @returns `{ code, output, seconds, computed }`, the last in seconds of one core
 */
export function measure({ program, args, env }, { nice, timeout, onOutput }) {
  const began = performance.now();
  const child = spawn("sh", ["-c", TIMED, "sh", String(nice), program, ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    detached: true,
  });
  groups.add(child.pid);
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
    child.on("close", (code) => {
      clearTimeout(timer);
      // What it left behind would compute beside the next one.
      end(child.pid);
      groups.delete(child.pid);
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

function end(group) {
  try {
    process.kill(-group, "SIGTERM");
  } catch {
    // It has ended by itself.
  }
}
