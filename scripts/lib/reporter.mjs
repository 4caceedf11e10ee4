// How our Node tests report: a line a test as it ends, and under one that failed what went wrong.
//
// `scripts/lib/results.mjs` reads it. Node's own reporters hold a file's lines back until the files before it have ended.
import { relative } from "node:path";
import { inspect } from "node:util";

/** What Node says of a test that `--test-name-pattern` leaves out. */
const LEFT_OUT = "test name does not match pattern";

/** A suite or a file that failed for the sake of a test in it. */
const IN_IT = "subtestsFailed";

export default async function* report(events) {
  for await (const { type, data } of events) {
    if (type === "test:complete") yield ended(data);
    else if (type === "test:diagnostic" && data.nesting > 0) yield `ℹ ${data.message}\n`;
    else if (type === "test:stdout" || type === "test:stderr") yield indented(data.message);
  }
}

function ended({ name, file, line, nesting, skip, todo, details }) {
  const { passed, error, duration_ms } = details;
  const whole = details.type === "suite" || (nesting === 0 && name === file);
  if (skip === LEFT_OUT || error?.failureType === IN_IT || (whole && passed)) return "";
  const time = `(${Math.round(duration_ms)} ms)`;
  if (skip !== undefined || todo !== undefined) return `﹣ ${name} ${time}\n`;
  if (passed) return `✔ ${name} ${time}\n`;
  const place = file ? ` ${relative(process.cwd(), file)}:${line}` : "";
  return `✖ ${name} ${time}${place}\n${indented(inspect(error?.cause ?? error, { depth: 5 }))}`;
}

function indented(text) {
  return text.trimEnd().replace(/^/gm, "    ") + "\n";
}
