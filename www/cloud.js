// The local cloud's control interface: how long credentials live, what goes wrong, what was asked.

/** What can be made to go wrong, by the name in the page's menu. */
export const FAULTS = {
  none: [],
  "app-twice": [{ service: "app", action: "/api/sts", times: 2, status: 500 }],
  "app-hang": [{ service: "app", action: "/api/sts", hang: true }],
  "app-down": [{ service: "app", action: "/api/sts", times: -1, status: 503 }],
  "vod-throttled": [{ service: "vod", action: "RefreshUploadVideo", times: 2, status: 400, code: "Throttling.User" }],
  "oss-refuses": [{ service: "oss", action: "UploadPart", skip: 3, status: 403, code: "InvalidAccessKeyId" }],
  "oss-drops": [{ service: "oss", action: "UploadPart", skip: 2, times: 2, drop: true }],
};

/**
 * Reads or, given an object, merges the configuration: `stsLifeMs` and `uploadAuthLifeMs` (lives of the two
 * credentials in milliseconds, `null` for the real ones), `partDelayMs` (how long each part takes at least).
 */
export function config(change) {
  return change ? ask("POST", "config", change) : ask("GET", "config");
}

/** Replaces whatever is still to go wrong. */
export async function setFaults(name) {
  await ask("DELETE", "faults");
  if (FAULTS[name]?.length > 0) await ask("POST", "faults", FAULTS[name]);
}

/** Every request so far, in order. Entries name credentials by their AccessKeyId, which is not secret. */
export function requests() {
  return ask("GET", "log");
}

/** The figures that tell whether a credential ever stood in the way. */
export function figures(log) {
  const parts = log.filter(({ action, status }) => action === "UploadPart" && status === 200);
  const distinct = new Set(parts.map(({ uploadId, partNumber }) => `${uploadId} ${partNumber}`));
  const granted = (...actions) => log.filter(({ action, status }) => actions.includes(action) && status === 200).length;
  return {
    sts: granted("AssumeRole"),
    uploadAuth: granted("CreateUploadVideo", "CreateUploadImage", "RefreshUploadVideo"),
    parts: parts.length,
    twice: parts.length - distinct.size,
    refused: log.filter(({ status }) => status === 403).length,
  };
}

async function ask(method, path, body) {
  const init = { method, cache: "no-store" };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { "content-type": "application/json" };
  }
  const response = await fetch(`/__control/${path}`, init);
  if (!response.ok) throw new Error(`the local cloud answered ${response.status} to ${method} ${path}`);
  const text = await response.text();
  return text === "" ? undefined : JSON.parse(text);
}
