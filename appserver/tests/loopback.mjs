// What a server of a test needs on this machine.
import { createServer } from "node:net";
import { join } from "node:path";

import { run } from "../../scripts/lib/run.mjs";

/** A port that was free a moment ago. */
export function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Writes `cert.pem` and `key.pem` for 127.0.0.1 and `name`, and the `ca.pem` that signed them. */
export async function makeCertificate(openssl, folder, name = "localhost") {
  const own = (file) => join(folder, file);
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const ca = ["-x509", "-subj", "/CN=a CA of its own", "-keyout", own("ca.key"), "-out", own("ca.pem")];
  await run(openssl, ["req", ...key, ...ca, "-addext", "basicConstraints=critical,CA:TRUE"]);
  const signed = ["-x509", "-CA", own("ca.pem"), "-CAkey", own("ca.key"), "-subj", `/CN=${name}`];
  const names = ["-addext", `subjectAltName=IP:127.0.0.1,DNS:${name}`, "-addext", "basicConstraints=critical,CA:FALSE"];
  await run(openssl, ["req", ...key, ...signed, ...names, "-keyout", own("key.pem"), "-out", own("cert.pem")]);
}
