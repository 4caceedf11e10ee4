// How the checks of `contract.mjs` ask a server: as a page does, and as none does.
import http from "node:http";
import https from "node:https";
import { connect, isIP } from "node:net";

/** What must never stand in a refusal. */
export const CREDENTIAL = /"(AccessKeySecret|SecurityToken|uploadAuth)"/;

/** Asks `url` as a page does. */
export async function request(url, user, { headers, ...init }) {
  const response = await fetch(url, { method: "POST", redirect: "manual", ...init, headers: { ...user, ...headers } });
  const text = await response.text();
  let reply;
  try {
    reply = JSON.parse(text);
  } catch {
    // A refusal by a gateway may be HTML; whoever needs the fields finds them missing.
  }
  return { response, text, reply };
}

/**
 * Posts `body`, with headers that `fetch` would not send: another `Host`, or one name with several values.
 *
 * @returns `{ status, text }`; without a status if there was no answer
 */
export function requestAsIs(url, headers, body = "") {
  const { protocol, hostname } = new URL(url);
  // The certificate is the server's own, whatever `Host` says.
  const servername = isIP(hostname.replace(/[[\]]/g, "")) ? "" : hostname;
  return new Promise((resolve, reject) => {
    const options = {
      method: "POST",
      headers: { ...headers, "content-length": Buffer.byteLength(body) },
      agent: false,
      servername,
    };
    const sent = (protocol === "https:" ? https : http).request(url, options, async (response) => {
      const text = Buffer.concat(await response.toArray()).toString();
      resolve({ status: response.statusCode, text });
    });
    sent.once("error", (error) => (error.code === "ECONNRESET" ? resolve({ text: "" }) : reject(error)));
    sent.end(body);
  });
}

/** The status of the answer to a request for `target`, which `fetch` would not send; `undefined` over TLS or without one. */
export function rawStatus(url, target) {
  const { protocol, hostname, port, host } = new URL(url);
  if (protocol !== "http:") return undefined;
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port || 80), hostname.replace(/[[\]]/g, ""));
    let answer = "";
    socket.setEncoding("utf8").on("data", (text) => (answer += text));
    socket.once("error", (error) => (error.code === "ECONNRESET" ? resolve(undefined) : reject(error)));
    socket.once("close", () => resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]) || undefined));
    // Left open: to some servers the end of what is sent is the end of whoever sent it, and they answer nobody.
    socket.write(`POST ${target} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
  });
}
