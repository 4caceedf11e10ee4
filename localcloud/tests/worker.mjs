// The local cloud's module for a page's worker, behind sockets of Node: for clients that are no pages.
import { readFile } from "node:fs/promises";
import http from "node:http";
import { join } from "node:path";
import { runInThisContext } from "node:vm";

import { buildLocalCloud, localCloud, MODULE, SCRIPT } from "../../scripts/lib/local-cloud.mjs";
import { accessKey, inactiveKey, used } from "./cloud.mjs";

/** As `startCloud` does for a process. */
export async function startWorkersCloud() {
  await buildLocalCloud();
  // A classic script, as the worker takes it.
  const script = await readFile(join(localCloud, SCRIPT), "utf8");
  const module = runInThisContext(`(() => { ${script}; return wasm_bindgen; })()`);
  await module({ module_or_path: await readFile(join(localCloud, MODULE)) });

  const key = ({ id, secret }) => `${id}:${secret}`;
  const cloud = new module.Cloud([key(accessKey), `${key(inactiveKey)}:inactive`]);
  const all = await listen(cloud);
  const sts = await listen(cloud.service("sts.aliyuncs.com"));
  const stop = () => Promise.all([all.stop(), sts.stop()]);
  return used({ http: all.address, sts: sts.address, stop });
}

async function listen(cloud) {
  const server = http.createServer((request, response) => void answer(cloud, request, response));
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const stop = () => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  };
  return { address: `http://127.0.0.1:${server.address().port}`, stop };
}

async function answer(cloud, request, response) {
  const body = Buffer.concat(await request.toArray());
  const exchange = cloud.begin(
    request.method,
    `http://${request.headers.host}${request.url}`,
    request.rawHeaders,
    body,
  );
  response.once("close", () => exchange.cancel());
  try {
    const given = await exchange.answer;
    response.writeHead(given.status, [...given.headers].flat());
    response.end(Buffer.from(await given.arrayBuffer()));
  } catch {
    // A fault that drops the connection.
    response.destroy();
  }
}
