// What a seed stands for: some files, a page, and a few seconds in which things go wrong.

const KB = 1 << 10;

/** @typedef {{ wait: number, act: string, with?: any }} Step */

const HTML = "<!doctype html><title>Sign in to this network</title>";

/** What servers do, as faults of the local cloud; `times` is added. */
const FAULTS = [
  { service: "app", drop: true },
  { service: "app", hang: true },
  { service: "app", status: 500 },
  { service: "app", status: 503 },
  { service: "app", status: 429, headers: { "retry-after": "1" } },
  { service: "app", status: 401 },
  { service: "app", status: 200, body: HTML },
  { service: "app", delayMs: 900 },
  { service: "vod", drop: true },
  { service: "vod", hang: true },
  { service: "vod", status: 503 },
  { service: "vod", status: 400, code: "Throttling.User" },
  { service: "vod", status: 403, code: "InvalidSecurityToken.Expired" },
  { service: "vod", status: 200, body: HTML },
  { service: "oss", drop: true },
  { service: "oss", hang: true },
  { service: "oss", delayMs: 1200 },
  { service: "oss", status: 500, code: "InternalError" },
  { service: "oss", status: 403, code: "SecurityTokenExpired" },
  { service: "oss", status: 403, code: "InvalidAccessKeyId" },
  { service: "oss", status: 403, code: "InvalidSecurityToken" },
  { service: "oss", status: 403, code: "AccessDenied" },
  { service: "oss", action: "UploadPart", status: 404, code: "NoSuchUpload" },
  { service: "oss", action: "CompleteMultipartUpload", drop: true },
];

/** What a user, a device and a network do; each as often as it stands here, beside as many faults. */
const ACTS = ["stop", "start", "restart", "cancel", "wake", "offline", "throttle", "start"];

/** Where credentials come from, each as often as it stands here. */
const MODES = ["one token", "perFile", "perFile", "uploadAuth", "direct"];

/** Where a file goes in direct mode. */
export function placeOf(name) {
  return { endpoint: "https://oss-cn-shanghai.aliyuncs.com", bucket: "web-upload-app", object: `own/${name}` };
}

/** Lives that end in the middle of a file; `null` is the cloud's own. */
const LIVES = [null, 2000, 4000];

/** A page's policy: as it is by default, or in a hurry. Either gives a request little time. */
const POLICIES = [
  { deadline: 800 },
  { deadline: 800, backoffBase: 50, backoffCap: 400, throttleBase: 100, hold: 200, holdCap: 400 },
];

/** Numbers from 0 to 1 that follow from a seed alone. */
function generator(seed) {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The plan of a seed. The same seed has the same plan for ever, unless this file changes. */
export function plan(seed) {
  const random = generator(seed);
  const between = (least, most) => Math.floor(least + random() * (most - least + 1));
  const pick = (list) => list[between(0, list.length - 1)];

  const files = Array.from({ length: between(1, 4) }, (_, index) => {
    const isImage = random() < 0.15;
    const size = random() < 0.1 ? between(1, 90) * KB : between(150, 900) * KB;
    return [`${index}.${isImage ? "png" : "mp4"}`, size, { type: isImage ? "image/png" : "video/mp4" }];
  });
  const mode = pick(MODES);
  if (mode === "direct") for (const [name, , about] of files) Object.assign(about, placeOf(name));
  const options = {
    parallel: between(1, 3),
    partSize: 128 * KB,
    timeout: 1500,
    retryCount: 1,
    retryDuration: 1,
    deadline: 3000,
    policy: pick(POLICIES),
    ...(mode === "perFile" && { perFile: true }),
    ...(mode === "uploadAuth" && { tokens: null, uploadAuth: "/api/upload-auth" }),
  };
  const config = {
    partDelayMs: between(20, 200),
    stsLifeMs: pick(LIVES),
    uploadAuthLifeMs: pick(LIVES),
  };
  let cancelled = false;
  const steps = Array.from({ length: between(5, 9) }, () => {
    const wait = between(60, 450);
    const act = random() < 0.5 ? "fault" : pick(ACTS);
    if (act === "fault") return { wait, act, with: { ...pick(FAULTS), times: between(1, 3) } };
    if (act === "offline") return { wait, act, with: between(150, 700) };
    if (act !== "cancel") return { wait, act };
    // At least one file is to be stored.
    if (cancelled || files.length === 1) return { wait, act: "start" };
    cancelled = true;
    return { wait, act, with: between(0, files.length - 1) };
  });
  const about = `seed ${seed}: ${files.length} file${files.length > 1 ? "s" : ""}, ${mode}`;
  return { seed, about, files, mode, options, config, steps };
}
