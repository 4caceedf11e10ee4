// What is known of one lane: made of the reports of its document alone, and of the time.
import { CLOCK, tell } from "./story.js";
import { seconds } from "./words.js";

/** Without a request or a callback for this long, and with nothing announced, an upload hangs. */
const SILENCE_MS = 6000;
/** The same while its only request is one that nobody answers; longer than a request to the AppServer may take. */
const UNANSWERED_MS = 12_000;
/** A sentence is worth saying again after this long. */
const REPEAT_MS = 1500;
/** A speed is that of the last seconds. */
const SPEED_WINDOW_MS = 4000;

/**
 * @typedef {object} Span One credential, from its issue to its end, in ms since the epoch.
 * @property {number} from
 * @property {number} until
 * @property {number} [advisory] From here it is renewed in the background.
 * @property {number} [mandatory] From here an upload waits for its successor.
 * @property {number} [margin] From here it is not handed out.
 *
 * @typedef {"ready" | "uploading" | "stored" | "failed" | "canceled" | "stopped"} FileState
 */

/** The lane of one integration. */
export class Lane {
  /** @type {Map<File, { state: FileState, share: number, detail: string, samples: [number, number][] }>} */
  files = new Map();
  /** What happened, as sentences. @type {{ at: number, text: string, kind: string }[]} */
  story = [];
  /** By credential: those it had, and the requests that they signed. */
  tracks = {
    sts: { spans: /** @type {Span[]} */ ([]), marks: [] },
    uploadAuth: { spans: /** @type {Span[]} */ ([]), marks: [] },
  };
  figures = { credentials: 0, parts: 0, twice: 0, refused: 0 };
  /** When the last file ended. */
  endedAt;
  hanging = false;
  #startedAt;
  #pending = new Map();
  #stored = new Set();
  #heardAt = 0;
  /** Until when silence is announced. */
  #quietUntil = 0;
  #onSentence;

  /**
   * @param {"documented" | "upload-token"} name
   * @param {(sentence: { text: string, kind: string }) => void} onSentence
   */
  constructor(name, onSentence) {
    this.name = name;
    this.#onSentence = onSentence;
  }

  get startedAt() {
    return this.#startedAt;
  }

  add(file) {
    this.files.set(file, { state: "ready", share: 0, detail: "", samples: [] });
  }

  /** The page pressed start, at the same instant for both lanes. */
  start(now) {
    this.#startedAt ??= now;
    this.#heardAt = now;
    this.endedAt = undefined;
    this.hanging = false;
    for (const file of this.files.values()) {
      if (file.state === "failed" || file.state === "stopped" || file.state === "ready") {
        Object.assign(file, { state: "uploading", detail: "", samples: [] });
      }
    }
  }

  stop(now) {
    for (const file of this.files.values()) if (file.state === "uploading") file.state = "stopped";
    this.#settle(now);
  }

  cancel(file, now) {
    this.files.get(file).state = "canceled";
    this.#settle(now);
  }

  /** Takes in a report. */
  take(report, now) {
    const sentence = tell(this, report, now);
    // The SDK's own telemetry says nothing about an upload.
    if (report.service !== "log") this.#heard(now);
    if (report.type === "request") this.#request(report, now);
    else if (report.type === "uploadAuth" || report.type === "stsToken") this.#credential(report, now);
    else this.#callback(report, now);
    if (sentence) this.say(sentence, now);
  }

  /** Adds a sentence to the lane's story, unless it has just been said: requests under way together fail together. */
  say(sentence, now) {
    if (this.story.slice(-3).some(({ at, text }) => text === sentence.text && now - at < REPEAT_MS)) return;
    this.story.push({ at: now, ...sentence });
    this.#onSentence(sentence);
  }

  #heard(now) {
    this.#heardAt = now;
    this.hanging = false;
  }

  #request({ id, service, part, ended, status, code, expiresAt }, now) {
    if (service === "log") return;
    if (!ended) return void this.#pending.set(id, service);
    this.#pending.delete(id);
    if (service !== "app") {
      const { marks } = service === "oss" ? this.tracks.uploadAuth : this.tracks.sts;
      const refused = status === 403 && code !== CLOCK;
      marks.push({ at: now, kind: refused ? "refused" : "signed" });
      if (refused) this.figures.refused++;
    }
    if (expiresAt !== undefined) {
      const track = service === "app" ? this.tracks.sts : this.tracks.uploadAuth;
      track.spans.push({ from: now, until: expiresAt });
      if (service !== "app") this.figures.credentials++;
    }
    if (part === undefined || status !== 200) return;
    this.figures.parts++;
    if (this.#stored.has(part)) this.figures.twice++;
    this.#stored.add(part);
  }

  /** Whether this part was stored before. */
  has(part) {
    return this.#stored.has(part);
  }

  /** The helper's own account of a credential: its zones. */
  #credential({ type, event }, now) {
    if (event.retryIn !== undefined) this.#quietUntil = now + event.retryIn;
    const { spans } = type === "stsToken" ? this.tracks.sts : this.tracks.uploadAuth;
    const span = spans.at(-1);
    if (event.type !== "token" || !span || event.expiresAt === undefined) return;
    span.until = event.expiresAt;
    span.advisory = now + (event.refreshIn ?? 0);
    span.mandatory = span.until - (event.mandatory ?? 0);
    span.margin = span.until - (event.margin ?? 0);
  }

  #callback({ type, file, share, code }, now) {
    const entry = this.files.get(file);
    if (!entry) return;
    if (type === "progress" || type === "started") {
      entry.state = "uploading";
      entry.share = Math.max(entry.share, share ?? 0);
      entry.samples.push([now, entry.share * file.size]);
    } else if (type === "stored") Object.assign(entry, { state: "stored", share: 1 });
    else if (type === "failed") Object.assign(entry, { state: "failed", detail: code });
    else if (type === "canceled") entry.state = "canceled";
    this.#settle(now);
  }

  #settle(now) {
    const open = [...this.files.values()].some(({ state }) => state === "uploading");
    if (open) this.endedAt = undefined;
    else this.endedAt ??= now;
  }

  /** Looks whether the upload has fallen silent. */
  look(now) {
    if (this.#startedAt === undefined || this.endedAt !== undefined || this.hanging) return;
    const services = [...this.#pending.values()];
    if (services.some((service) => service !== "app")) return;
    const most = services.length === 0 ? SILENCE_MS : UNANSWERED_MS;
    const since = Math.max(this.#heardAt, this.#quietUntil);
    if (now - since < most) return;
    this.hanging = true;
    const waits = services.length === 0 ? "no request is under way" : "the AppServer has not answered";
    this.say(
      {
        text: `Hangs: no callback for ${seconds(now - this.#heardAt)}, ${waits}, and nothing would tell the user.`,
        kind: "bad",
      },
      now,
    );
  }

  /** Bytes a second and the time left of a file, or `undefined` while neither is known. */
  speed(file, now) {
    const { samples, share } = this.files.get(file);
    while (samples.length > 2 && samples[1][0] < now - SPEED_WINDOW_MS) samples.shift();
    const [[from, before] = [], [, after] = []] = [samples[0], samples.at(-1)];
    if (samples.length < 2 || after <= before) return undefined;
    const rate = ((after - before) / Math.max(1, now - from)) * 1000;
    return { rate, left: ((1 - share) * file.size) / rate };
  }

  /** Where the lane stands, in a word and in a sentence. */
  headline(now) {
    const all = [...this.files.values()];
    const count = (state) => all.filter((file) => file.state === state).length;
    if (this.#startedAt === undefined) return { state: "idle", text: "Not started" };
    const after = seconds((this.endedAt ?? now) - this.#startedAt);
    if (this.hanging) return { state: "hangs", text: `Hangs since ${seconds(this.#heardAt - this.#startedAt)}` };
    if (this.endedAt === undefined) {
      const sum = [...this.files].reduce((sum, [file, { share }]) => sum + share * file.size, 0);
      const size = [...this.files.keys()].reduce((sum, file) => sum + file.size, 0) || 1;
      return { state: "uploading", text: `Uploading: ${Math.floor((sum / size) * 100)} %` };
    }
    if (count("failed") > 0) {
      const { detail } = all.find(({ state }) => state === "failed");
      return { state: "failed", text: `Failed after ${after}: ${detail}` };
    }
    if (count("stopped") > 0) return { state: "stopped", text: `Stopped after ${after}` };
    if (count("stored") === 0) return { state: "stopped", text: "Canceled" };
    return { state: "stored", text: `Stored after ${after}` };
  }
}
