// An AppServer on Node with the official STS SDK: POST /api/sts and POST /api/upload-auth as docs/appserver.md describes
// them. Loopback only: a proxy in front ends TLS and signs users in.
//
//   npm install @alicloud/sts20150401
//   ALIBABA_CLOUD_ACCESS_KEY_ID=… ALIBABA_CLOUD_ACCESS_KEY_SECRET=… ALIBABA_CLOUD_ROLE_ARN=… \
//   ENDPOINTS=upload-auth TICKET_KEY=$(openssl rand -hex 32) HOSTS=www.example.com node node-server.mjs
import { createHash, createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { isIP } from "node:net";

import Sts from "@alicloud/sts20150401";

const { env } = process;
const endpoints = (env.ENDPOINTS ?? "upload-auth").split(/[\s,]+/);
const VOD = env.VOD_ENDPOINT ?? "https://vod.cn-shanghai.aliyuncs.com";
if (endpoints.includes("upload-auth") && !(env.TICKET_KEY?.length >= 32)) {
  console.error("TICKET_KEY must have at least 32 characters: running uploads would end with this process");
  process.exit(2);
}
const client = new Sts.default({
  accessKeyId: env.ALIBABA_CLOUD_ACCESS_KEY_ID,
  accessKeySecret: env.ALIBABA_CLOUD_ACCESS_KEY_SECRET,
  endpoint: env.STS_ENDPOINT ?? "sts.aliyuncs.com",
  protocol: env.STS_PROTOCOL ?? "https",
  connectTimeout: 3_000,
  readTimeout: 5_000,
});

/** Replace this by your own session. Here a reverse proxy on this machine has signed the user in. */
function signedInUser(request) {
  const users = request.headersDistinct["x-user"] ?? [];
  // Of two nobody knows which one the proxy wrote.
  return users.length === 1 ? users[0] : undefined;
}

/** STS takes 2 to 64 of these characters; any other id appears in ActionTrail as its hash. */
const sessionName = (user) =>
  /^(?!u-)[\w.@-]{2,64}$/.test(user) ? user : `u-${createHash("sha256").update(user).digest("hex").slice(0, 32)}`;

/** The names of the site, as its pages ask for it, with commas. */
const HOSTS = (env.HOSTS ?? "").toLowerCase().split(/[\s,]+/);

/**
 * Whether this server may be asked under `host`. A page of a stranger's domain whose name was made to lead here (DNS
 * rebinding) is no foreign page to its browser. An address and `localhost` need no name server.
 */
function isKnown(host = "") {
  const name = host.toLowerCase().replace(/:\d+$/, "");
  return name === "localhost" || isIP(name.replace(/^\[(.*)\]$/, "$1")) > 0 || (name !== "" && HOSTS.includes(name));
}

/** Whether a page of another site sent this. */
function isForeign({ headers }) {
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin") return true;
  return headers.origin !== undefined && headers.origin.split("://")[1] !== headers.host;
}

/** An answer other than a success. */
class Refusal extends Error {
  constructor(status, code, message, retryAfter) {
    super(message);
    Object.assign(this, { status, code, retryAfter });
  }
}

const MINUTE = 60_000;
const buckets = new Map();

/** Takes one of the `burst` requests in the bucket `name`, which fills again within `period` milliseconds. */
function take(name, burst, period = MINUTE) {
  const now = performance.now();
  const { left, at } = buckets.get(name) ?? { left: burst, at: now };
  const level = Math.min(burst, left + ((now - at) * burst) / period);
  if (level < 1) {
    const wait = ((1 - level) * period) / burst;
    throw new Refusal(429, "Throttling.User", "asked too often", Math.ceil(wait / 1000));
  }
  buckets.delete(name);
  buckets.set(name, { left: level - 1, at: now });
  // Those in front were not used for longest. One that is full again need not be remembered.
  for (const [oldest, { at }] of buckets) {
    if (now - at < MINUTE) break;
    buckets.delete(oldest);
  }
}

const POLICY = JSON.stringify({
  Version: "1",
  Statement: [
    {
      Effect: "Allow",
      Action: ["vod:CreateUploadVideo", "vod:RefreshUploadVideo", "vod:CreateUploadImage"],
      Resource: "*",
    },
  ],
});

async function assumeRole(user) {
  // All users together: the account has 100 a second.
  take("sts", 50, 1_000);
  const { body } = await client.assumeRole(
    new Sts.AssumeRoleRequest({
      roleArn: env.ALIBABA_CLOUD_ROLE_ARN,
      roleSessionName: sessionName(user),
      durationSeconds: 3600,
      policy: POLICY,
    }),
  );
  const { accessKeyId, accessKeySecret, securityToken, expiration } = body?.credentials ?? {};
  // The SDK takes any 200 for a success.
  if (!accessKeyId || !accessKeySecret || !securityToken || !(Date.parse(expiration) > Date.now())) {
    throw new Refusal(502, "Upstream.InvalidAnswer", "STS answered without a token");
  }
  return { accessKeyId, accessKeySecret, securityToken, expiration, requestId: body.requestId, at: Date.now() };
}

/** Tokens by user and scope, those that are still asked for included. */
const tokens = new Map();
const LARGE = 10_000;

/** Whether `token` is in the first half of its life: a page that asks in the second half wants another one. */
const isYoung = (token, rejected) =>
  token.accessKeyId !== rejected && Date.now() < (token.at + Date.parse(token.expiration)) / 2;

/** Requests that overlap share one AssumeRole, and its failure. */
function tokenFor(user, scope = "", rejected) {
  const key = JSON.stringify([user, scope]);
  const kept = tokens.get(key);
  if (kept && (!kept.token || isYoung(kept.token, rejected))) return kept.answer;
  const asked = {};
  asked.answer = assumeRole(user).then((token) => (asked.token = token));
  asked.answer.catch(() => tokens.get(key) === asked && tokens.delete(key));
  tokens.delete(key);
  tokens.set(key, asked);
  if (tokens.size > LARGE) tokens.delete(tokens.keys().next().value);
  return asked.answer;
}

async function sts(user, { scope, rejected }) {
  const isText = (value) => value === undefined || value === null || typeof value === "string";
  if (!isText(scope) || !isText(rejected)) throw new Refusal(400, "InvalidBody", "scope and rejected are texts");
  if (Buffer.byteLength(scope ?? "") > 64) throw new Refusal(400, "InvalidScope", "a scope has at most 64 bytes");
  const token = await tokenFor(user, scope ?? "", rejected);
  return {
    Code: "Success",
    AccessKeyId: token.accessKeyId,
    AccessKeySecret: token.accessKeySecret,
    SecurityToken: token.securityToken,
    Expiration: token.expiration,
    ServerTime: new Date().toISOString(),
    RequestId: token.requestId,
  };
}

/** What a page may say of its file. What costs money or moves media is not among it. */
const VIDEO = { title: "Title", fileName: "FileName", fileSize: "FileSize", description: "Description", tags: "Tags" };

async function uploadAuth(user, fields) {
  const { videoId, image, ticket } = fields;
  let call;
  if (videoId) {
    // VOD cannot tell whose a video is: whoever may refresh one upload may overwrite every video of the account.
    if (!isGood(ticket, user, videoId)) throw new Refusal(404, "InvalidVideo.NotFound", "there is no such video");
    call = ["RefreshUploadVideo", { VideoId: String(videoId) }];
  } else if (image) {
    const { imageType: ImageType = "default", imageExt: ImageExt } = image;
    call = ["CreateUploadImage", { ImageType, ImageExt, Title: fields.title }];
  } else {
    if (!fields.fileName) throw new Refusal(400, "MissingFileName", "a video needs its fileName, with the extension");
    const params = Object.fromEntries(Object.entries(VIDEO).map(([name, vods]) => [vods, fields[name]]));
    call = ["CreateUploadVideo", { ...params, Title: fields.title ?? fields.fileName }];
  }
  const answer = await vod(...call, await tokenFor(user));
  const id = answer.VideoId ?? videoId;
  return {
    uploadAuth: answer.UploadAuth,
    uploadAddress: answer.UploadAddress,
    ...(answer.ImageId
      ? { imageId: answer.ImageId, imageURL: answer.ImageURL }
      : { videoId: id, ticket: issue(user, id) }),
    requestId: answer.RequestId,
    serverTime: new Date().toISOString(),
  };
}

const TICKET_DAYS = 30;
const tagOf = (user, videoId, end) =>
  createHmac("sha256", env.TICKET_KEY)
    .update(JSON.stringify([user, videoId, end]))
    .digest("base64url");

/** Says until its end that `user` was given `videoId`; this server remembers nothing. */
function issue(user, videoId) {
  const end = Math.floor(Date.now() / 1000) + TICKET_DAYS * 86_400;
  return `${end}.${tagOf(user, videoId, end)}`;
}

function isGood(ticket, user, videoId) {
  const [end, tag] = String(ticket ?? "").split(".");
  const [given, right] = [tag ?? "", tagOf(user, videoId, Number(end))].map((text) => Buffer.from(text));
  return given.length === right.length && timingSafeEqual(given, right) && Number(end) * 1000 > Date.now();
}

/** One call to VOD by POST, signature version 1.0. */
async function vod(action, params, token) {
  const encode = (text) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const all = {
    ...params,
    Action: action,
    Version: "2017-03-21",
    Format: "JSON",
    AccessKeyId: token.accessKeyId,
    SecurityToken: token.securityToken,
    SignatureMethod: "HMAC-SHA1",
    SignatureVersion: "1.0",
    SignatureNonce: randomUUID(),
    Timestamp: new Date().toISOString().replace(/\.\d+/, ""),
  };
  const form = Object.keys(all)
    .filter((name) => all[name] !== undefined && all[name] !== null)
    .sort()
    .map((name) => `${encode(name)}=${encode(String(all[name]))}`)
    .join("&");
  const signature = createHmac("sha1", `${token.accessKeySecret}&`)
    .update(`POST&%2F&${encode(form)}`)
    .digest("base64");
  const response = await fetch(`${VOD}/`, {
    method: "POST",
    redirect: "manual",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: `${form}&Signature=${encode(signature)}`,
    signal: AbortSignal.timeout(5_000),
  });
  const reply = await response.json().catch(() => ({}));
  if (!response.ok) throw Object.assign(new Error("VOD refused"), { code: reply.Code, statusCode: response.status });
  if (!reply.UploadAuth || !reply.UploadAddress) {
    throw new Refusal(502, "Upstream.InvalidAnswer", "VOD answered without an UploadAuth");
  }
  return reply;
}

/** Of the cloud's error only the code: its message may quote the signed request. */
function refusalOf(error) {
  if (error instanceof Refusal) return error;
  const code =
    typeof error?.code === "string" && /^[\w.-]{1,64}$/.test(error.code) ? error.code : "Upstream.InvalidAnswer";
  if (code.startsWith("Throttling") || error?.statusCode === 302) {
    return new Refusal(429, code.startsWith("Throttling") ? code : "Throttling", "asked too often", 2);
  }
  if (code === "InvalidVideo.NotFound") return new Refusal(404, code, "there is no such video");
  if (/^(InvalidFileName|InvalidParameter$|IllegalCharacters|LengthExceededMax|TagsExceededMax)/.test(code)) {
    return new Refusal(400, code, "VOD does not accept a field of the request");
  }
  const refused = error?.statusCode >= 400 && error.statusCode < 500;
  return new Refusal(refused ? 500 : 502, code, "the cloud gave no credential");
}

async function readBody(request) {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) {
    text += chunk;
    if (text.length > 65_536) throw new Refusal(413, "InvalidBody", "the body is too large");
  }
  if (text === "") return {};
  let body;
  try {
    body = JSON.parse(text);
  } catch {
    // Told below: whatever it is, it is no JSON object.
  }
  if (body === null || typeof body !== "object" || Array.isArray(body)) {
    throw new Refusal(400, "InvalidBody", "the body must be a JSON object");
  }
  return body;
}

/** Each with what answers it, and how often a minute a user may ask. */
const ROUTES = { "/api/sts": ["sts", sts, 30], "/api/upload-auth": ["upload-auth", uploadAuth, 300] };

async function answer(request) {
  // Not `new URL`: a target such as `//` is none, and one request must not end the process.
  const [name, serve, perMinute] = ROUTES[request.url.split("?")[0]] ?? [];
  if (!serve) throw new Refusal(404, "NotFound", "no such path");
  if (!isKnown(request.headers.host)) throw new Refusal(421, "UnknownHost", "this server has another name");
  if (request.method !== "POST") throw new Refusal(405, "MethodNotAllowed", "ask with POST");
  if (isForeign(request)) throw new Refusal(403, "ForeignOrigin", "this page may not ask");
  const user = signedInUser(request);
  if (!user) throw new Refusal(401, "NotSignedIn", "sign in first");
  if (!endpoints.includes(name)) throw new Refusal(404, "EndpointOff", "this AppServer does not serve this mode");
  take(JSON.stringify([name, user]), perMinute);
  return serve(user, await readBody(request));
}

const server = createServer(async (request, response) => {
  let [status, reply] = [200, {}];
  try {
    reply = await answer(request);
  } catch (error) {
    const refusal = refusalOf(error);
    status = refusal.status;
    reply = { ErrorCode: refusal.code, ErrorMessage: refusal.message, RequestId: randomUUID() };
    if (refusal.retryAfter) reply.RetryAfterSeconds = refusal.retryAfter;
  }
  request.resume();
  response.setHeader("Content-Type", "application/json");
  response.setHeader("Cache-Control", "no-store");
  response.setHeader("X-Content-Type-Options", "nosniff");
  response.setHeader("Vary", "Origin");
  if (status === 405) response.setHeader("Allow", "POST");
  if (reply.RetryAfterSeconds) response.setHeader("Retry-After", reply.RetryAfterSeconds);
  response.writeHead(status).end(JSON.stringify({ StatusCode: status, ...reply }));
});
server.headersTimeout = 10_000;
server.requestTimeout = 20_000;
server.listen(Number(env.PORT ?? 8788), "127.0.0.1", () => {
  console.log(JSON.stringify({ event: "listening", http: `http://127.0.0.1:${server.address().port}` }));
});
