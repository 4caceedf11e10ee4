// What happens in a lane, as plain sentences.
import { seconds } from "./words.js";

/** What the documented integration makes of an end with one of these codes. */
const WHY = {
  "InvalidVideo.NotFound": "the documented resume call gave VOD the object's name in place of the VideoId.",
  RequestError: "the network is gone.",
  EmptyFile: "the file is empty.",
};

/** OSS's answer to a device clock that is too wrong: a refusal of the signature's time, not of a credential. */
export const CLOCK = "RequestTimeTooSkewed";

/**
 * The sentence for a report, if it deserves one.
 *
 * @param {import("./model.js").Lane} lane As it was before the report.
 * @returns {{ text: string, kind: "" | "good" | "bad", milestone?: boolean } | undefined}
 */
export function tell(lane, report, now) {
  const write = TELLERS[report.type];
  return write?.(report, lane, now);
}

const good = (text) => ({ text, kind: "good" });
const bad = (text) => ({ text, kind: "bad" });
const plain = (text) => ({ text, kind: "" });

const TELLERS = {
  started: ({ file }) => plain(`Started ${file.name}.`),
  tokenExpired: () =>
    plain("The SDK asks for another credential: it has learnt by a refusal that the first one ended."),
  stored: ({ file }) => ({ ...good(`${file.name} is stored.`), milestone: true }),
  failed: ({ code, message }, lane) => ({
    ...bad(
      `Failed with ${code}: ${(lane.name === "documented" && WHY[code]) || message || WHY[code] || "no reason given."}`,
    ),
    milestone: true,
  }),
  canceled: ({ file }) => plain(`${file.name} is canceled.`),
  uncaught: ({ message }) => bad(`An error that nobody catches: ${message}`),
  request,
  // After the end of the upload the helper keeps a token for the next file, which is no part of this story.
  stsToken: ({ event }, { endedAt }) => (endedAt === undefined ? credential(event, "STS token") : undefined),
  uploadAuth: ({ event }, lane, now) =>
    event.type === "diagnostic" ? plain(event.message) : credential(event, "UploadAuth", lane, now),
};

function request({ service, action, part, ended, status, code }, lane) {
  if (!ended || service === "log") return undefined;
  if (code === CLOCK)
    return plain("OSS says that the device's clock is wrong; the SDK signs by the server's from now on.");
  if (service === "oss" && status === 403) return bad(`OSS refuses the credential: ${code ?? status}.`);
  if (part !== undefined && status === 200 && lane.has(part))
    return bad(`Part ${part.split(" ")[1]} was sent a second time.`);
  // The helper tells of these itself, and what it does next.
  if (lane.name !== "documented") return undefined;
  if (service === "app") return appServer(status);
  if (service === "vod" && status !== 200) return bad(`VOD refuses ${action}: ${code ?? "no answer"}.`);
  return undefined;
}

function appServer(status) {
  if (status === 200) return plain("The AppServer answers with an STS token.");
  const what = status === undefined ? "does not answer" : `answers ${status}`;
  return bad(`The AppServer ${what}, and the documented code asks only once.`);
}

function credential(event, name, lane, now) {
  const which = `${name} ${event.generation}`;
  switch (event.type) {
    case "started":
      return good(`${which} starts the upload.`);
    case "swapped":
      return good(`${which} takes over in the running upload${before(lane, now)}.`);
    case "resumed":
      return good(`${which} goes on after a refusal: only what is not stored yet is sent.`);
    case "token":
      return name === "STS token" ? plain(`${which} is here.`) : undefined;
    case "refreshFailed":
      return bad(failure(event, name));
    case "expired":
      return bad(`${which} is too close to its end to be used, and its successor is not here yet.`);
    case "rejected":
      return bad(`${which} was refused; the next one is on its way.`);
    case "warning":
      return plain(`Warning: ${event.warning}.`);
    default:
      return undefined;
  }
}

/** How long before the former one's end. */
function before(lane, now) {
  const former = lane.tracks.uploadAuth.spans.at(-2);
  return former && former.until > now ? `, ${seconds(former.until - now)} before the end of the former` : "";
}

function failure({ code, failures, retryIn, usable }, name) {
  const next = retryIn === undefined ? "asks again when it is needed" : `asks again in ${seconds(retryIn)}`;
  const effect = usable ? "the one in hand still works" : "the upload waits";
  const times = failures > 1 ? `, ${failures} times in a row` : "";
  return `No new ${name} (${code}${times}): ${effect}, upload-token ${next}.`;
}
