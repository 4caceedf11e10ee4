// What the timeline draws: one lane for the page's STS token and one for each file's UploadAuth; on it a span for
// each credential from its issue to its end, and a mark for each request that was signed with it.

/**
 * One credential, as the helper accounts for it. All times are in milliseconds since the epoch.
 *
 * @typedef {object} Span
 * @property {string} id AccessKeyId
 * @property {number} from issued
 * @property {number} advisory from here it is refreshed in the background
 * @property {number} mandatory from here a caller waits for the refresh
 * @property {number} margin from here it is not handed out
 * @property {number} until the server refuses it
 */

/** What is known of one credential after another of the same owner. */
export class Lane {
  /** @type {Span[]} */
  spans = [];
  /** @type {{ at: number, kind: "signed" | "refused" }[]} */
  marks = [];
  /** The upload is over, or was given up: its credential is needed no longer. */
  finished = false;

  /** @param {string} name Whose credential, for the page. */
  constructor(name) {
    this.name = name;
  }

  /** Takes in the helper's status of the credential in hand. */
  take({ accessKeyId, expiresAt, life, mandatory = 0, margin = 0, refreshIn = 0 }, now = Date.now()) {
    if (!accessKeyId || expiresAt === undefined || life === undefined) return;
    if (this.spans.some(({ id }) => id === accessKeyId)) return;
    this.spans.push({
      id: accessKeyId,
      // Its end is in whole seconds, rounded up, so that its life alone would let it begin too late.
      from: Math.min(now, expiresAt - life),
      advisory: now + refreshIn,
      mandatory: expiresAt - mandatory,
      margin: expiresAt - margin,
      until: expiresAt,
    });
  }

  /** Takes in the local cloud's log: which requests this lane's credentials signed. */
  mark(log) {
    const own = new Set(this.spans.map(({ id }) => id));
    this.marks = log
      .filter(({ accessKeyId, preflight }) => own.has(accessKeyId) && !preflight)
      .map(({ at, status }) => ({ at, kind: status === 403 ? "refused" : "signed" }));
  }

  /** In words: in which part of its life the newest credential is, and how much longer it is valid. */
  describe(now = Date.now()) {
    const span = this.spans.at(-1);
    if (this.finished) return "no longer needed";
    if (!span) return "none yet";
    const left = `${Math.max(0, (span.until - now) / 1000).toFixed(1)} s left`;
    if (now >= span.until) return "expired";
    if (now >= span.margin) return `not handed out any more, ${left}`;
    if (now >= span.mandatory) return `callers wait for its successor, ${left}`;
    if (now >= span.advisory) return `being refreshed, ${left}`;
    return `valid, ${left}`;
  }
}
