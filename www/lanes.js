// What the timeline draws: one lane a credential's owner (the page's STS token, each file's UploadAuth), on it
// a span for each credential from its issue to its end, and a mark for each request that was signed with it.

/**
 * @typedef {object} Span One credential. All times are in milliseconds since the epoch.
 * @property {string} id AccessKeyId
 * @property {number} from issued
 * @property {number} advisory from here it is refreshed in the background
 * @property {number} mandatory from here a caller waits for the refresh
 * @property {number} margin from here it is not handed out
 * @property {number} until the server refuses it
 *
 * @typedef {object} Lane
 * @property {string} name
 * @property {Span[]} spans
 * @property {{ at: number, kind: "signed" | "granted" | "refused" }[]} marks
 * @property {boolean} [finished] the object is stored: its credential is needed no longer
 */

/** The windows of a life in milliseconds, by the helper's default policy, for credentials that it does not report. */
function windows(life) {
  return {
    advisory: Math.min(900_000, 0.4 * life, Math.max(90_000, life / 3)),
    mandatory: Math.min(60_000, 0.15 * life),
    margin: Math.min(15_000, 0.05 * life),
  };
}

/** The lane of the page's STS token, from what the token manager says about itself. */
export class TokenLane {
  name = "STS token";
  spans = [];
  marks = [];
  #generation = 0;

  /** Takes in `status`, the manager's own account of its slot. */
  update(status, now = Date.now()) {
    if (!status.generation || status.life === undefined || status.expiresAt === undefined) return;
    if (status.generation === this.#generation) return;
    this.#generation = status.generation;
    const until = status.expiresAt;
    this.spans.push({
      id: status.accessKeyId,
      from: until - status.life,
      advisory: now + (status.refreshIn ?? 0),
      mandatory: until - (status.mandatory ?? 0),
      margin: until - (status.margin ?? 0),
      until,
    });
    this.marks.push({ at: now, kind: "granted" });
  }
}

/**
 * The lanes of the objects that are being written, from what the local cloud was asked.
 *
 * @param {object[]} log The local cloud's requests, in order.
 * @param {number} life Life of an UploadAuth in milliseconds.
 * @param {Map<string, string>} names File names by object key.
 * @returns {Lane[]}
 */
export function uploadLanes(log, life, names) {
  const lanes = new Map();
  for (const { service, action, key, accessKeyId, credentialAgeMs, at, status, preflight } of log) {
    if (service !== "oss" || preflight || !key || !names.has(key)) continue;
    const lane = lanes.get(key) ?? { name: names.get(key), spans: [], marks: [] };
    lanes.set(key, lane);
    lane.marks.push({ at, kind: status === 403 ? "refused" : "signed" });
    if (status === 200 && (action === "CompleteMultipartUpload" || action === "PutObject")) lane.finished = true;
    if (accessKeyId && Number.isFinite(credentialAgeMs) && !lane.spans.some(({ id }) => id === accessKeyId)) {
      const until = at - credentialAgeMs + life;
      const { advisory, mandatory, margin } = windows(life);
      const span = { id: accessKeyId, from: until - life, advisory: until - advisory };
      lane.spans.push({ ...span, mandatory: until - mandatory, margin: until - margin, until });
    }
  }
  for (const lane of lanes.values()) lane.spans.sort((a, b) => a.from - b.from);
  return [...lanes.values()];
}

/** In words: in which zone the lane's newest credential is, and how much longer it is valid. */
export function describe(lane, now = Date.now()) {
  const span = lane.spans.at(-1);
  if (lane.finished) return "stored, no longer needed";
  if (!span) return "none yet";
  const left = `${Math.max(0, (span.until - now) / 1000).toFixed(1)} s`;
  if (now >= span.until) return "expired";
  if (now >= span.margin) return `not handed out any more, ${left} left`;
  if (now >= span.mandatory) return `waiting for its successor, ${left} left`;
  if (now >= span.advisory) return `being refreshed, ${left} left`;
  return `valid, ${left} left`;
}
