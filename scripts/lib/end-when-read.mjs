// Loaded into the process of each file of Node's tests, for how it ends: `forceExit` does so with process.exit(), which
// throws away what a slow reader has not taken yet, and Node 20 waits for the other half of a message for ever; and at a
// signal nobody hears that it ends.
import { constants } from "node:os";
import { isMainThread } from "node:worker_threads";

if (isMainThread) {
  // Not for what the tests start.
  process.env.NODE_OPTIONS = process.env.NODE_OPTIONS.replace(`--import=${import.meta.url}`, "").trim();

  const { exit, stdout, stderr } = process;
  const reported = new Promise((resolve) => stdout.once("unpipe", resolve));
  const taken = (stream) => new Promise((resolve) => stream.write("", resolve));
  process.exit = (...code) => {
    // Only a test's own call says how it ends.
    if (code.length > 0) exit(...code);
    reported.then(() => Promise.all([taken(stdout), taken(stderr)])).then(() => exit());
  };

  // Browsers and drivers in groups of their own are ended by listeners of "exit". After those of the signal itself.
  const { setImmediate } = globalThis;
  for (const signal of ["SIGTERM", "SIGINT"]) {
    process.on(signal, () => setImmediate(exit, 128 + constants.signals[signal]));
  }
}
