// One lane's document: the real SDK under one of the two integrations, and a report of everything that it says.
//
// A document of its own, so that an error that nobody catches, a wrong clock and the network's faults are this lane's.
const LANE = new URLSearchParams(location.search).get("lane");
const PING_MS = 5000;
/** Each lane is a user of its own, as two people would be. */
const USER = { documented: "1303984639806001", "upload-token": "1303984639806002" }[LANE];

/**
 * Of the SDK's five, in both lanes: a browser opens six connections to one host, which is all that stands here for VOD,
 * OSS and the AppServer. Parts that wait for a connection would be signed long before they are sent.
 */
const PARALLEL = 2;

/** @param {{ type: string }} report Structured data without a secret. */
function report(detail) {
  window.frameElement.dispatchEvent(new CustomEvent("report", { detail }));
}

// Before the integration is loaded: what fails there is told, too.
window.addEventListener("error", ({ message }) => report({ type: "uncaught", message }));
window.addEventListener("unhandledrejection", ({ reason }) =>
  report({ type: "uncaught", message: String(reason?.message ?? reason) }),
);

const { createUploader } = await import(`./integrations/${LANE}.js`);

/** The page's files, as files of this document, and back. */
const originals = new Map();
const sdk =
  (type, detail = () => ({})) =>
  (info, ...args) =>
    report({ type, file: originals.get(info?.file), ...detail(...args) });

const { uploader, tokens } = createUploader(window.AliyunUpload.Vod, {
  region: "cn-shanghai",
  userId: USER,
  parallel: PARALLEL,
  onUploadstarted: sdk("started"),
  onUploadTokenExpired: sdk("tokenExpired"),
  onUploadProgress: sdk("progress", (_total, share) => ({ share })),
  onUploadSucceed: sdk("stored"),
  onUploadFailed: sdk("failed", (code, message) => ({ code: String(code), message: String(message ?? "") })),
  // The SDK calls it for a file that was stopped, too.
  onUploadCanceled: (info) => void (info.state === "Canceled" && sdk("canceled")(info)),
  onUploadEnd: sdk("queueEmpty"),
  ...(LANE === "upload-token" && {
    onTokenEvent: ({ info, ...event }) =>
      report({ type: "uploadAuth", file: originals.get(info?.file), event: plain(event) }),
  }),
});

for (const event of ["token", "refreshFailed", "expired", "rejected", "warning"]) {
  tokens?.on(event, (detail) =>
    report({ type: "stsToken", event: { ...plain(tokens.status()), ...plain(detail), type: event } }),
  );
}
navigator.serviceWorker.addEventListener("message", ({ data }) => report(data));
navigator.serviceWorker.startMessages();

let faults;

/** Tells the worker, and again: a browser ends a worker that has nothing to do, and what it knew is gone. */
function ping() {
  if (faults) navigator.serviceWorker.controller.postMessage({ type: "faults", faults });
}
setInterval(ping, PING_MS);

const indexOf = (file) => uploader.listFiles().findIndex((info) => originals.get(info.file) === file);

window.frameElement.dispatchEvent(
  new CustomEvent("ready", {
    detail: {
      add(file) {
        const own = new File([file], file.name, { type: file.type, lastModified: file.lastModified });
        originals.set(own, file);
        uploader.addFile(own, null, null, null, JSON.stringify({ Vod: { Title: file.name } }));
      },
      start: () => uploader.startUpload(),
      stop: () => uploader.stopUpload(),
      cancel(file) {
        const index = indexOf(file);
        if (index >= 0) uploader.cancelFile(index);
      },
      setFaults(plan) {
        const before = faults;
        faults = plan;
        ping();
        if (plan.offline !== (before?.offline ?? false))
          window.dispatchEvent(new Event(plan.offline ? "offline" : "online"));
      },
      setClock: window.setDeviceClock,
      wake: () => window.dispatchEvent(new Event("focus")),
    },
  }),
);

/** Errors as their code and sentence; what is known of a credential as it is. */
function plain({ error, ...detail }) {
  return error ? { ...detail, code: error.code, message: error.message } : detail;
}
