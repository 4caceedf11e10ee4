// Loaded into the process of each file of Node's tests: `forceExit` ends that with process.exit(), which throws away what
// a slow reader has not taken yet, and Node 20 waits for the other half of a message for ever.
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
}
