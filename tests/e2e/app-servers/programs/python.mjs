// Starts the programs of python.py.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { python } from "../install.mjs";

const program = fileURLToPath(new URL("python.py", import.meta.url));

/** Resolves with `{ url, close }`. `zone` is the time zone that its clock shows. */
export async function startPython(name, zone = "UTC") {
  const child = spawn(python, [program, name], {
    env: { ...process.env, TZ: zone },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (text) => (errors += text));
  const port = await Promise.race([
    once(createInterface({ input: child.stdout }), "line").then(([line]) => line),
    once(child, "exit").then(() => {
      throw new Error(errors);
    }),
  ]);
  const close = async () => {
    child.kill();
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  };
  return { url: `http://127.0.0.1:${port}`, close };
}
