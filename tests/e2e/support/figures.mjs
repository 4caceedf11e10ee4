// What the local cloud's log says about an upload.

const ISSUES = ["CreateUploadVideo", "CreateUploadImage", "RefreshUploadVideo"];

/** Figures of a log: counts, and the parts that were sent more than once. */
export function figures(log) {
  const requests = log.filter(({ preflight, service }) => !preflight && service !== "log");
  const of = (action, ok = true) =>
    requests.filter((entry) => entry.action === action && (!ok || entry.status === 200));
  const parts = requests.filter(({ action }) => action === "UploadPart" || action === "PutObject");
  return {
    refused: refusals(log).length,
    refusedByVod: requests.filter(({ status, service }) => status >= 400 && service === "vod").length,
    // Parts that OSS took more than once; one that it refused has to be sent again.
    storedTwice: twice(parts.filter(({ status }) => status === 200)),
    sentTwice: twice(parts),
    created: of("CreateUploadVideo").length + of("CreateUploadImage").length,
    refreshed: of("RefreshUploadVideo").length,
    tokens: of("AssumeRole").length,
    asked: requests.filter(({ service }) => service === "app").length,
    stored: of("CompleteMultipartUpload").length + of("PutObject").length,
  };
}

/** What OSS answered with 403, and how long after the first request, ms. */
export function refusals(log) {
  const first = Math.min(...log.map(({ at }) => at));
  // A skewed clock is no refusal of the credential; ali-oss mends it by itself.
  const isRefusal = ({ status, service, code, preflight }) =>
    !preflight && status === 403 && service === "oss" && code !== "RequestTimeTooSkewed";
  return log
    .filter(isRefusal)
    .map(({ at, action, partNumber, code }) => `${action} ${partNumber ?? ""} ${code} at ${at - first}`);
}

function twice(parts) {
  const names = parts.map(({ uploadId, key, partNumber }) => `${uploadId ?? key} ${partNumber ?? ""}`);
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

/** UploadAuths, of `lifeMs` each, that ended before the last request to OSS. */
export function expiries(log, lifeMs) {
  const last = Math.max(...log.filter(({ service }) => service === "oss").map(({ at }) => at));
  // VOD names the end in whole seconds, rounded up.
  const ends = log
    .filter(({ action, status }) => ISSUES.includes(action) && status === 200)
    .map(({ at }) => Math.ceil((at + lifeMs) / 1000) * 1000);
  return ends.filter((end) => end < last).length;
}
