// The AppServer with its local cloud, and what both saw of a scenario.
import http from "node:http";

import { buildAppServer, control, startAppServer } from "../../../scripts/lib/app-server.mjs";

export const BUCKET = "web-upload-app";

/** Starts both over HTTP and HTTPS; every token that is handed out is a new one. */
export async function startCloud() {
  await buildAppServer();
  const server = await startAppServer({ www: "tests/e2e/ali-oss/page", args: ["--listen-tls", "127.0.0.1:0"] });
  const call = (method, name, body) => control(server.http, method, name, body);
  return {
    http: server.http,
    https: server.https,
    stop: server.stop,
    reset: () => call("POST", "reset"),
    configure: (settings) => call("POST", "config", settings),
    plan: (...faults) => call("POST", "faults", faults),
    objects: () => call("GET", "objects"),
    /** What was asked since the last reset, preflights left out. */
    seen: async () => {
      const log = (await call("GET", "log")).filter(({ preflight }) => !preflight);
      return {
        oss: log.filter(({ service }) => service === "oss"),
        source: log.filter(({ service }) => service === "app"),
      };
    },
  };
}

/** Leads every host name to `server`, for ali-oss in Node. */
export function agentFor(server) {
  const lookup = (_host, options, done) =>
    options.all ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4);
  return new http.Agent({ lookup, port: new URL(server).port });
}
