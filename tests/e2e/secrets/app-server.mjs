// An AppServer that answers with the canary in every way that goes well, and in every way that does not.
import { once } from "node:events";
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { CANARY } from "./canary.mjs";

const { AccessKeyId, AccessKeySecret, SecurityToken } = CANARY;
const token = { ...CANARY, expiresIn: 3600 };
const json = (value) => ({ body: JSON.stringify(value) });
const ALL = `${AccessKeySecret} ${SecurityToken}`;

/** Path below `/sts/` → the answer there. */
export const ANSWERS = {
  good: json(token),
  nested: json({ code: 0, data: { credentials: token } }),
  "text-in-json": json({ data: JSON.stringify(token) }),
  "short-life": json({ ...CANARY, expiresIn: 2 }),
  "no-expiry": json(CANARY),
  "error-beside-token": json({ ...token, Code: "NoPermission", Message: ALL }),
  // A secret in the place of a code is known for one by its own field beside it.
  "error-200": json({ StatusCode: "500", ErrorCode: AccessKeySecret, ErrorMessage: ALL, AccessKeySecret }),
  "error-400": { status: 400, ...json({ Code: SecurityToken.slice(0, 20), Message: ALL, Credentials: CANARY }) },
  "error-403": { status: 403, ...json({ Code: SecurityToken.slice(0, 20), Message: ALL }) },
  "error-500": { status: 500, body: `<pre>Error: ${ALL}</pre>` },
  "error-500-with-token": { status: 500, ...json(token) },
  throttled: {
    status: 429,
    headers: { "retry-after": AccessKeySecret },
    ...json({ Code: `Throttling.${AccessKeySecret}` }),
  },
  html: { body: `<!doctype html><title>${ALL}</title>` },
  truncated: { body: JSON.stringify(token).slice(0, -1) },
  plain: { body: ALL },
  "long-lived": json({ ...token, AccessKeyId: "LTAI5tCanary" }),
  "long-lived-alone": json({ AccessKeyId: "LTAI5tCanary", AccessKeySecret }),
  "no-id": json({ AccessKeySecret, SecurityToken }),
  "no-token": json({ AccessKeyId, AccessKeySecret }),
  "line-break": json({ ...token, SecurityToken: `${SecurityToken}\n${SecurityToken}` }),
  "not-ascii": json({ ...token, AccessKeySecret: `${AccessKeySecret}ü` }),
  dead: json({ ...token, expiresIn: 0 }),
  "wrong-names": json({ [AccessKeySecret]: SecurityToken }),
  "wrong-types": json({ AccessKeyId: { AccessKeySecret }, AccessKeySecret: [SecurityToken], SecurityToken: 1 }),
  large: { body: `{"junk":"${ALL.repeat(5_000)}"}` },
  redirect: { status: 307, headers: { location: "/sts/good" }, body: ALL },
  "broken-off": { body: JSON.stringify(token), breaks: true },
  hangs: { body: JSON.stringify(token).slice(0, -1), hangs: true },
};

const dist = new URL("../../../dist/", import.meta.url);

/** Starts the server on loopback; it also serves an empty page at `/`, and the package at `/dist/`. */
export async function startAppServer() {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://loopback");
    const answer = pathname.startsWith("/sts/") ? ANSWERS[pathname.slice("/sts/".length)] : undefined;
    if (answer) return reply(response, answer);
    if (pathname === "/")
      return response.setHeader("content-type", "text/html").end("<!doctype html><title>page</title>");
    if (pathname === "/paths.mjs") return script(response, new URL("paths.mjs", import.meta.url));
    if (/^\/dist\/[\w.-]+\.js$/.test(pathname)) return script(response, new URL(pathname.slice("/dist/".length), dist));
    response.writeHead(404).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    close: () => (server.closeAllConnections(), server.close()),
  };
}

function reply(response, { status = 200, headers = {}, body, breaks, hangs }) {
  const length = breaks ? { "content-length": Buffer.byteLength(body) + 1 } : {};
  response.writeHead(status, {
    "content-type": "application/json",
    "cache-control": "no-store",
    ...length,
    ...headers,
  });
  if (breaks) response.write(body, () => setTimeout(() => response.destroy(), 10));
  else if (hangs) response.write(body);
  else response.end(body);
}

async function script(response, url) {
  const text = await readFile(fileURLToPath(url)).catch(() => undefined);
  if (text === undefined) return response.writeHead(404).end();
  response.setHeader("content-type", "text/javascript").end(text);
}
