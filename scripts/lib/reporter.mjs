// How our Node tests report: a line a test as it ends, and under one that failed what went wrong.
//
// `scripts/lib/results.mjs` reads it.
import { relative } from "node:path";
import { inspect } from "node:util";

/** What Node says of a test that `--test-name-pattern` leaves out. */
const LEFT_OUT = "test name does not match pattern";

/** A suite or a file that failed for the sake of a test in it. */
const IN_IT = "subtestsFailed";

/** How much of what a file printed is shown when it could not begin, or broke off. */
const LAST_LINES = 30;

/** Whether an event is about a file, and not about a test in it. */
export const isFile = ({ nesting, name, file }) => nesting === 0 && name === file;

/**
 * @param options.filtered - Whether only tests of some name were asked for, so that a file may have none.
 * @param options.onFailed - Is called for what failed.
 */
export function reporter({ filtered, onFailed }) {
  return (events) => report(events, { filtered, onFailed });
}

async function* report(events, { filtered, onFailed }) {
  const printed = new Map();
  const begun = new Map();
  for await (const { type, data } of events) {
    if (type === "test:dequeue") begun.set(data.file, (begun.get(data.file) ?? new Set()).add(data.name));
    // Of tests that run beside others this comes twice, so that it is not what counts.
    else if (type === "test:complete") begun.get(data.file)?.delete(data.name);
    else if (type === "test:pass") {
      // Node tells of a file that passed only if there was nothing in it to tell of.
      if (isFile(data) && !filtered) yield (onFailed(), empty(data));
      else yield ended(data, { passed: true });
    } else if (type === "test:fail") {
      onFailed();
      yield ended(data, { passed: false, printed: printed.get(data.file), open: begun.get(data.file) });
    } else if (type === "test:diagnostic" && data.nesting > 0) yield `ℹ ${data.message}\n`;
    else if (type === "test:stdout" || type === "test:stderr") {
      printed.set(data.file, (printed.get(data.file) ?? "") + data.message);
      yield indented(data.message);
    }
  }
}

function empty({ file, details }) {
  return `✖ ${relative(process.cwd(), file)} (${Math.round(details.duration_ms)} ms)\n${indented("it defines no test")}`;
}

function ended({ name, file, line, nesting, skip, todo, details }, { passed, printed = "", open = new Set() }) {
  const { error, duration_ms, type } = details;
  const wholeFile = isFile({ nesting, name, file });
  if (skip === LEFT_OUT || error?.failureType === IN_IT || (passed && (wholeFile || type === "suite"))) return "";
  const time = `(${Math.round(duration_ms)} ms)`;
  const path = file && relative(process.cwd(), file);
  if (skip !== undefined || todo !== undefined) return `﹣ ${name} ${time}\n`;
  if (passed) return `✔ ${name} ${time}\n`;
  const place = path ? ` ${path}:${line}` : "";
  const why = [inspect(error?.cause ?? error, { depth: 5 })];
  if (wholeFile) why.push(...printed.trimEnd().split("\n").slice(-LAST_LINES));
  if (wholeFile && open.size > 0) why.push(`begun and not ended: ${[...open].join(", ")}`);
  // By that name `--only` finds a file.
  return `✖ ${wholeFile ? path : name} ${time}${place}\n${indented(why.join("\n"))}`;
}

function indented(text) {
  return text.trimEnd().replace(/^/gm, "    ") + "\n";
}
