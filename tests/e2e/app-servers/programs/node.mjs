// AppServers as they are commonly written with Express and Koa: thirty lines around AssumeRole each.
import { once } from "node:events";
import { createServer } from "node:http";

import OSS from "ali-oss";

import { accessKey, roleArn } from "../../../../localcloud/tests/cloud.mjs";
import { load } from "../install.mjs";

/** AssumeRole as the vendor's sample for Node calls it; resolves with its four fields. */
const assumeRole = (sts) => async () => {
  const client = new OSS.STS({ accessKeyId: accessKey.id, accessKeySecret: accessKey.secret, endpoint: sts() });
  const { credentials } = await client.assumeRole(roleArn, "", 3600, "session");
  return credentials;
};

/** Keeps what `ask` resolves with, as long as the program runs. */
const kept = (ask) => {
  let credentials;
  return async () => (credentials ??= await ask());
};

/** What the handlers of both frameworks answer, by path: `[status, body]`. */
function answers(ask) {
  const cached = kept(ask);
  const { stringify } = JSON;
  return {
    // The vendor's own sample: 400 and the message as JSON text for whatever goes wrong.
    "/sts": () =>
      ask().then(
        (credentials) => [200, credentials],
        (error) => [400, stringify(error.message)],
      ),
    // As that of the vendor's other client, whose messages begin with the code.
    "/sts-code": () =>
      ask().then(
        (credentials) => [200, credentials],
        (error) => [400, stringify(`${error.code}: ${error.message}`)],
      ),
    "/cached": async () => {
      const { AccessKeyId, AccessKeySecret, SecurityToken } = await cached();
      return [200, { AccessKeyId, AccessKeySecret, SecurityToken }];
    },
    "/cached-seconds": async () => {
      const { AccessKeyId, AccessKeySecret, SecurityToken } = await cached();
      return [
        200,
        { accessKeyId: AccessKeyId, accessKeySecret: AccessKeySecret, stsToken: SecurityToken, expiredDuration: 3600 },
      ];
    },
    "/short-names": async () => {
      const { AccessKeyId: keyId, AccessKeySecret: secret, SecurityToken: token } = await ask();
      return [200, { code: 0, data: { keyId, secret, token } }];
    },
    "/refused": async () => [200, { code: 1001, msg: "Your plan has no uploads left" }],
    "/signed-out": async () => [200, { code: 401, msg: "please sign in", data: null }],
    "/broken": async () => {
      throw new Error("no such table: users");
    },
  };
}

async function express(name, routes) {
  const { default: express } = await load(name);
  const app = express();
  const send = (act) => (request, response, next) =>
    act().then(([status, body]) => {
      response.status(status);
      if (typeof body === "string") response.type("json").send(body);
      else response.json(body);
    }, next);
  for (const [path, act] of Object.entries(routes)) app.post(path, send(act));
  app.get("/get-only", send(routes["/sts"]));
  app.post("/json", express.json(), (request, response) => response.json({ code: 1, body: request.body ?? null }));
  // An application's last middleware, which hides what went wrong.
  app.use((error, request, response, next) => (response.headersSent ? next(error) : response.sendStatus(500)));
  return app;
}

async function koa(routes) {
  const { default: Koa } = await load("koa");
  const { Router } = await load("@koa/router");
  const app = new Koa({ silent: true });
  app.silent = true;
  const router = new Router();
  const send = (act) => async (context) => {
    const [status, body] = await act();
    context.status = status;
    context.body = body;
    if (typeof body === "string") context.type = "json";
  };
  for (const [path, act] of Object.entries(routes)) router.post(path, send(act));
  router.get("/get-only", send(routes["/sts"]));
  app.use(router.routes()).use(router.allowedMethods());
  return app.callback();
}

/** Starts `name` with STS at what `sts()` returns; resolves with `{ url, asked, close }`. */
export async function startNode(name, sts) {
  const routes = answers(assumeRole(sts));
  const handler = name === "koa" ? await koa(routes) : await express(name, routes);
  const asked = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    handler(request, response);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const close = () => new Promise((done) => server.close(done).closeAllConnections());
  return { url: `http://127.0.0.1:${server.address().port}`, asked, close };
}
