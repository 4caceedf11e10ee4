// What the service worker understands of a request and of its answer. Nothing here leaves the worker but names,
// numbers and times: no credential.

/**
 * @typedef {object} Subject
 * @property {"app" | "vod" | "oss" | "log"} service
 * @property {string} action In the words of the service's documentation.
 * @property {string} [part] Which part of which upload, the same for the same bytes.
 */

const OSS_ACTIONS = [
  ["PUT", "partNumber", "UploadPart"],
  ["POST", "uploads", "InitiateMultipartUpload"],
  ["POST", "uploadId", "CompleteMultipartUpload"],
  ["GET", "uploadId", "ListParts"],
  ["DELETE", "uploadId", "AbortMultipartUpload"],
];

/** @returns {Promise<Subject>} */
async function subjectOf(url, method, body, ours) {
  if (ours) return { service: "app", action: url.pathname };
  const query = url.searchParams;
  if (url.hostname.startsWith("vod.")) {
    const form = body && body.size < 65_536 ? new URLSearchParams(await body.text()) : query;
    return { service: "vod", action: query.get("Action") ?? form.get("Action") ?? "" };
  }
  if (!url.hostname.includes(".oss-") || url.hostname.includes(".log.")) return { service: "log", action: method };
  const [, , action] = OSS_ACTIONS.find(([verb, key]) => verb === method && query.has(key)) ?? [];
  const part = query.has("partNumber") ? { part: `${query.get("uploadId")} ${query.get("partNumber")}` } : {};
  return { service: "oss", action: action ?? (method === "PUT" ? "PutObject" : method), ...part };
}

/** When the credential in an answer ends, in ms since the epoch; `undefined` for an answer that holds none. */
async function expirationIn(answer, { service, action }) {
  if (service !== "app" && !/^(Create|Refresh)Upload/.test(action)) return undefined;
  try {
    const reply = await answer.json();
    const { Expiration, ExpireUTCTime } = reply.UploadAuth ? JSON.parse(atob(reply.UploadAuth)) : reply;
    const at = Date.parse(ExpireUTCTime ?? Expiration);
    return Number.isNaN(at) ? undefined : at;
  } catch {
    return undefined;
  }
}

/** The code of a refusal: OSS answers XML, VOD and STS JSON. */
function refusalIn(text) {
  return /<Code>([\w.]+)<\/Code>|"[Cc]ode"\s*:\s*"([\w.]+)"/.exec(text)?.slice(1).find(Boolean);
}
