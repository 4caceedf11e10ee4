// Holds an AppServer of yours to the contract of docs/appserver.md, and says what a page suffers where it is not kept.
//
//   npm run contract -- https://www.example.com --header "cookie: session=…"
//     --sts PATH           of its tokens (default /api/sts; "" if it has none)
//     --upload-auth PATH   of its UploadAuths (default /api/upload-auth; "" if it has none)
//
// It creates videos and an image in your account, and uploads nothing to them.
import { parseArgs } from "node:util";

import { checksFor } from "../appserver/tests/contract.mjs";
import { command, Failure, isMain } from "./lib/run.mjs";

/** Prints each check and resolves with the number that failed. */
export async function contract(server, print = console.log) {
  let failed = 0;
  for (const { path, right, suffers, run } of checksFor(server)) {
    try {
      await run();
      print(`right  POST ${path} ${right}`);
    } catch (error) {
      failed += 1;
      const why = error.cause?.message ?? error.message;
      print(`WRONG  POST ${path} ${right}\n       is: ${why.split("\n")[0]}\n       so: ${suffers}`);
    }
  }
  if (!server.user) print("not tried: what happens to somebody who is not signed in (give --header)");
  return failed;
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      header: { type: "string", multiple: true, default: [] },
      sts: { type: "string", default: "/api/sts" },
      "upload-auth": { type: "string", default: "/api/upload-auth" },
    },
  });
  const [url] = positionals;
  if (!URL.canParse(url ?? "")) throw new Failure("name the server: npm run contract -- https://www.example.com");
  const headers = values.header.map((header) => {
    const at = header.indexOf(":");
    if (at < 1) throw new Failure('write a header as "name: value"');
    return [header.slice(0, at).trim(), header.slice(at + 1).trim()];
  });
  const user = headers.length > 0 ? Object.fromEntries(headers) : undefined;
  const server = { url: url.replace(/\/$/, ""), user, sts: values.sts, uploadAuth: values["upload-auth"] };
  const failed = await contract(server);
  if (failed > 0) throw new Failure(`${failed} of the contract's rules are not kept`);
}

if (isMain(import.meta.url)) await command(main);
