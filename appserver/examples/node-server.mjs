// A small AppServer on Node with the official SDK: POST /api/sts as docs/appserver.md describes it.
//
//   npm install @alicloud/sts20150401
//   ALIBABA_CLOUD_ACCESS_KEY_ID=… ALIBABA_CLOUD_ACCESS_KEY_SECRET=… ALIBABA_CLOUD_ROLE_ARN=… node node-server.mjs
//
// It asks STS each time: a page with upload-token asks about twice in the life of a token.
import { createHash, randomUUID } from "node:crypto";
import { createServer } from "node:http";

import Sts from "@alicloud/sts20150401";

const { env } = process;
const client = new Sts.default({
  accessKeyId: env.ALIBABA_CLOUD_ACCESS_KEY_ID,
  accessKeySecret: env.ALIBABA_CLOUD_ACCESS_KEY_SECRET,
  endpoint: env.STS_ENDPOINT ?? "sts.aliyuncs.com",
  protocol: env.STS_PROTOCOL ?? "https",
  connectTimeout: 3_000,
  readTimeout: 5_000,
});

/** Replace this by your own session. Here a reverse proxy on this machine has signed the user in. */
const signedInUser = (request) => request.headers["x-user"];

/** STS takes 2 to 64 of these characters; any other id appears in ActionTrail as its hash. */
const sessionName = (user) =>
  /^(?!u-)[\w.@-]{2,64}$/.test(user) ? user : `u-${createHash("sha256").update(user).digest("hex").slice(0, 32)}`;

/** Whether a page of another site sent this. */
function isForeign({ headers }) {
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin") return true;
  return headers.origin !== undefined && headers.origin.split("://")[1] !== headers.host;
}

async function assumeRole(user) {
  const policy = {
    Version: "1",
    Statement: [
      {
        Effect: "Allow",
        Action: ["vod:CreateUploadVideo", "vod:RefreshUploadVideo", "vod:CreateUploadImage"],
        Resource: "*",
      },
    ],
  };
  const { body } = await client.assumeRole(
    new Sts.AssumeRoleRequest({
      roleArn: env.ALIBABA_CLOUD_ROLE_ARN,
      roleSessionName: sessionName(user),
      durationSeconds: 3600,
      policy: JSON.stringify(policy),
    }),
  );
  const { accessKeyId, accessKeySecret, securityToken, expiration } = body?.credentials ?? {};
  // The SDK takes any 200 for a success.
  if (!accessKeyId || !accessKeySecret || !securityToken || !(Date.parse(expiration) > Date.now())) {
    throw new Error("STS answered without a token");
  }
  return [
    200,
    {
      Code: "Success",
      AccessKeyId: accessKeyId,
      AccessKeySecret: accessKeySecret,
      SecurityToken: securityToken,
      Expiration: expiration,
      ServerTime: new Date().toISOString(),
      RequestId: body.requestId,
    },
  ];
}

const refusal = (status, code, message, more) => [
  status,
  { ErrorCode: code, ErrorMessage: message, RequestId: randomUUID(), ...more },
];

/** Of the SDK's error only the code: its message may quote the signed request. */
function failure(error) {
  const code = typeof error.code === "string" ? error.code : "Upstream.InvalidAnswer";
  if (code.startsWith("Throttling")) return refusal(429, code, "asked too often", { RetryAfterSeconds: 2 });
  return refusal(error.statusCode >= 400 && error.statusCode < 500 ? 500 : 502, code, "STS issued no token");
}

async function answer(request) {
  if (new URL(request.url, "http://host").pathname !== "/api/sts") return refusal(404, "NotFound", "no such path");
  if (request.method !== "POST") return refusal(405, "MethodNotAllowed", "ask with POST");
  if (isForeign(request)) return refusal(403, "ForeignOrigin", "this page may not ask");
  const user = signedInUser(request);
  if (!user) return refusal(401, "NotSignedIn", "sign in first");
  return assumeRole(user).catch(failure);
}

const server = createServer(async (request, response) => {
  request.resume();
  const [status, reply] = await answer(request);
  response.setHeader("Content-Type", "application/json");
  response.setHeader("Cache-Control", "no-store");
  response.setHeader("X-Content-Type-Options", "nosniff");
  response.setHeader("Vary", "Origin");
  if (status === 405) response.setHeader("Allow", "POST");
  if (reply.RetryAfterSeconds) response.setHeader("Retry-After", reply.RetryAfterSeconds);
  response.writeHead(status).end(JSON.stringify({ StatusCode: status, ...reply }));
});
// Loopback only: a proxy in front ends TLS and signs users in.
server.listen(Number(env.PORT ?? 8788), "127.0.0.1", () => {
  console.log(JSON.stringify({ event: "listening", http: `http://127.0.0.1:${server.address().port}` }));
});
