// What servers answer: each code, at each step, and answers that a browser hides.

import { PART } from "../../support/parts.mjs";

const expire = (action, code = "SecurityTokenExpired", more = {}) => ({
  service: "oss",
  action,
  status: 403,
  code,
  ...more,
});

/** Codes that mean a dead token, and how ours takes them. */
const CODES = [
  "SecurityTokenExpired",
  "InvalidAccessKeyId",
  "InvalidSecurityToken",
  "AccessKeyIdAndSecurityTokenNotMatch",
];

export const answers = [
  { name: "a video" },
  { name: "a video, SDK and ali-oss as script tags", page: "script-tag" },
  {
    name: "an image",
    files: [["a.png", 3 * PART, { type: "image/png" }]],
    documented: "Succeed, but the bytes are not under the id it reports",
  },
  { name: "a small file, in one request", files: [["a.mp4", 50_000]] },
  { name: "an empty file", files: [["a.mp4", 0]], ends: "Failed EmptyFile, Succeed" },
  { name: "a video whose name looks like an image's to the SDK", files: [["apng-demo.mp4", 1 * PART]] },
  { name: "two files", files: ["a.mp4", "b.mp4"].map((name) => [name, 2 * PART]) },
  { name: "ten files", files: Array.from({ length: 10 }, (_, i) => [`${i}.mp4`, 300_000]) },

  ...["InvalidSecurityToken.Expired", "InvalidAccessKeyId.NotFound", "InvalidSecurityToken.MismatchWithAccessKey"].map(
    (code) => ({
      name: `VOD refuses the STS token once: ${code}`,
      faults: [{ service: "vod", action: "CreateUploadVideo", status: 403, code }],
    }),
  ),
  {
    name: "VOD refuses every STS token",
    faults: [{ service: "vod", times: -1, status: 403, code: "InvalidSecurityToken.Expired" }],
    ends: "Failed InvalidSecurityToken.Expired",
  },
  {
    name: "VOD is throttled twice",
    faults: [{ service: "vod", action: "CreateUploadVideo", times: 2, status: 400, code: "Throttling.User" }],
  },
  {
    name: "VOD forbids the upload",
    faults: [{ service: "vod", times: -1, status: 403, code: "Forbidden.SubUser" }],
    ends: "Failed Forbidden.SubUser",
  },
  {
    name: "VOD closes the connection once, at the start",
    faults: [{ service: "vod", action: "CreateUploadVideo", times: 3, drop: true }],
  },

  ...CODES.map((code) => ({
    name: `OSS refuses part 3 once: ${code}`,
    faults: [expire("UploadPart", code, { partNumber: 3 })],
    refused: 1,
    ...(code === "SecurityTokenExpired" && { documented: "Failed InvalidVideo.NotFound; 1 × 403" }),
  })),
  { name: "OSS refuses at initiation", faults: [expire("InitiateMultipartUpload")], refused: 1 },
  { name: "OSS refuses at completion", faults: [expire("CompleteMultipartUpload")], refused: 1 },
  {
    name: "OSS refuses three parts, one after the other",
    faults: [2, 3, 4].map((partNumber) => expire("UploadPart", undefined, { partNumber })),
    refused: 3,
  },
  {
    name: "OSS refuses an image at part 2",
    files: [["a.png", 3 * PART, { type: "image/png" }]],
    faults: [expire("UploadPart", undefined, { partNumber: 2 })],
    refused: 1,
    created: 2,
  },
  {
    name: "OSS refuses every credential as expired",
    faults: [expire("UploadPart", undefined, { times: -1 })],
    ends: "Failed SecurityTokenExpired",
    refused: 4,
  },
  {
    name: "SignatureDoesNotMatch for ever",
    faults: [expire("UploadPart", "SignatureDoesNotMatch", { times: -1 })],
    ends: "Failed SignatureDoesNotMatch",
    refused: 2,
  },
  {
    name: "AccessDenied for ever",
    faults: [expire("UploadPart", "AccessDenied", { times: -1 })],
    ends: "Failed AccessDenied",
    refused: 1,
  },
  {
    name: "a refusal that the browser hides, for want of CORS headers",
    config: { corsOnError: false },
    faults: [expire("UploadPart", undefined, { partNumber: 3 })],
    ends: "Failed RequestError",
    refused: 1,
  },
  {
    name: "refusals without CORS headers, credentials of 2 s, sent by a build whose client cannot be reached",
    config: { corsOnError: false, uploadAuthLifeMs: 2000, partDelayMs: 1200 },
    hide: ["_ossUpload"],
    refused: 5,
  },

  {
    name: "NoSuchUpload for a part",
    faults: [{ service: "oss", action: "UploadPart", partNumber: 3, status: 404, code: "NoSuchUpload" }],
    twice: 0,
  },
  {
    name: "NoSuchUpload for every part, for ever",
    faults: [{ service: "oss", action: "UploadPart", times: -1, status: 404, code: "NoSuchUpload" }],
    ends: "Failed NoSuchUpload",
  },
  {
    name: "NoSuchUpload at completion",
    faults: [{ service: "oss", action: "CompleteMultipartUpload", status: 404, code: "NoSuchUpload" }],
  },
  {
    name: "OSS does not answer a part once, within a time-out of 1.5 s",
    options: { timeout: 1500, retryDuration: 1 },
    faults: [{ service: "oss", action: "UploadPart", partNumber: 3, hang: true }],
    ends: /^(Succeed|Failed (ConnectionTimeoutError|ResponseTimeoutError|RequestError))$/,
  },
  {
    name: "OSS does not answer parts for ever, within a time-out of 1 s",
    options: { timeout: 1000, retryCount: 1, retryDuration: 1 },
    faults: [{ service: "oss", action: "UploadPart", times: -1, hang: true }],
    ends: /^Failed (ConnectionTimeoutError|ResponseTimeoutError|RequestError)$/,
  },
  { name: "ETag is not exposed", config: { exposeEtag: false }, ends: "Failed upload_lost" },
  {
    name: "VOD is unreachable when a refused credential is renewed",
    faults: [
      expire("UploadPart", undefined, { partNumber: 3 }),
      { service: "vod", action: "RefreshUploadVideo", times: 2, drop: true },
    ],
    refused: 1,
  },
];
