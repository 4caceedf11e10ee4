// Holds an AppServer of yours to the contract of docs/appserver.md, and says what a page suffers where it is not kept.
//
//   npm run contract -- https://www.example.com --header "cookie: session=…"
//     --sts PATH           of its tokens (default /api/sts; "" if it has none)
//     --upload-auth PATH   of its UploadAuths (default /api/upload-auth; "" if it has none)
//     --user-header NAME   which of them names the user, if you ask the server as the proxy does that signs users in
//     --other-header …     of another signed-in user, whose requests are used up
//     --burst NUMBER       how many tokens a user may ask for at once
//     --any-host           if the server may be asked under every name
//
// It creates videos and an image in your account, and uploads nothing to them.
import { parseArgs } from "node:util";

import { checksFor } from "../appserver/tests/contract.mjs";
import { command, Failure, isMain } from "./lib/run.mjs";

/** What is not tried without one of these, and how to give it. */
const NOT_TRIED = {
  user: "what happens to somebody who is not signed in (give --header)",
  userHeader: "a request that names two users (give --user-header if a proxy names them)",
  other: "what one user may do to another (give --other-header)",
  burst: "how often one user may ask (give --burst and --other-header)",
};

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
  for (const [need, what] of Object.entries(NOT_TRIED)) if (!server[need]) print(`not tried: ${what}`);
  return failed;
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      header: { type: "string", multiple: true, default: [] },
      "user-header": { type: "string" },
      "other-header": { type: "string", multiple: true, default: [] },
      burst: { type: "string" },
      "any-host": { type: "boolean", default: false },
      sts: { type: "string", default: "/api/sts" },
      "upload-auth": { type: "string", default: "/api/upload-auth" },
    },
  });
  const [url] = positionals;
  if (!URL.canParse(url ?? "")) throw new Failure("name the server: npm run contract -- https://www.example.com");
  const user = headersOf(values.header);
  const userHeader = values["user-header"]?.toLowerCase();
  if (userHeader && !user?.[userHeader]) throw new Failure("--user-header names one that --header gives");
  const burst = values.burst === undefined ? undefined : Number(values.burst);
  if (burst !== undefined && !(Number.isInteger(burst) && burst > 0)) throw new Failure("--burst is a number from 1");
  const server = {
    url: url.replace(/\/$/, ""),
    user,
    userHeader,
    other: headersOf(values["other-header"]),
    burst,
    anyHost: values["any-host"],
    sts: values.sts,
    uploadAuth: values["upload-auth"],
  };
  const failed = await contract(server);
  if (failed > 0) throw new Failure(`${failed} of the contract's rules are not kept`);
}

/** Headers given as "name: value"; `undefined` if there are none. */
function headersOf(texts) {
  const headers = texts.map((text) => {
    const at = text.indexOf(":");
    if (at < 1) throw new Failure('write a header as "name: value"');
    return [text.slice(0, at).trim().toLowerCase(), text.slice(at + 1).trim()];
  });
  return headers.length > 0 ? Object.fromEntries(headers) : undefined;
}

if (isMain(import.meta.url)) await command(main);
