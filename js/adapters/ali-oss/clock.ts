import { UploadTokenError } from "../../errors.js";

// When OSS refuses a request's time, ali-oss (browser build) writes `ServerTime − now` into its option
// `amendTimeSkewed`, repeats the request, and does so for as long as OSS refuses. Without `ServerTime` the
// correction is NaN and changes nothing. The repeated request asks for credentials in the same turn, with
// the options as `this`: the one public place from where the loop can be seen and ended.

/** @internal OSS's code for a request that was signed more than 15 minutes from its own time. */
export const SKEWED = "RequestTimeTooSkewed";

/**
 * Corrections of one clock before the next one is an error.
 *
 * Requests that were under way at the first one are refused as well, and each of them corrects the clock
 * once more; a page with more than this many at once is not to be expected.
 */
const MAX_CORRECTIONS = 100;

/** A pause after which corrections are counted anew, in ms: longer than a loop could take for one turn. */
const FORGET_AFTER = 10 * 60_000;

/** The options of an ali-oss client, as far as they tell of the clock. */
interface ClockOptions {
  /** OSS's clock minus the device's, in ms. */
  amendTimeSkewed?: unknown;
}

interface Corrections {
  /** The last one, as it was left in the options. */
  latest: number;
  count: number;
  /** When it came, on the clock of `performance.now()`. */
  at: number;
}

/**
 * @internal A check to be made before each request of a client, given the client's options.
 *
 * It throws an error of code `rejected` in place of a repetition that cannot help.
 */
export function watchClock(): (options: unknown) => void {
  // One result of `ossOptions` may have been spread into several clients; each has options of its own.
  const corrections = new WeakMap<object, Corrections>();
  return (options) => {
    if (typeof options !== "object" || options === null) return;
    const { amendTimeSkewed: correction } = options as ClockOptions;
    if (typeof correction !== "number" || correction === 0) return;
    const before = corrections.get(options);
    if (correction === before?.latest) return;
    if (Number.isNaN(correction)) {
      (options as ClockOptions).amendTimeSkewed = before?.latest ?? 0;
      throw skewed("OSS refused the time of a request and did not say its own");
    }

    // ali-oss only writes whole numbers, so that this one tells the next correction from this one, even
    // if both are of the same length.
    const latest = Math.trunc(correction) + 0.5;
    const at = performance.now();
    const count = before && at - before.at < FORGET_AFTER ? before.count + 1 : 1;
    corrections.set(options, { latest, count, at });
    (options as ClockOptions).amendTimeSkewed = latest;
    if (count > MAX_CORRECTIONS) throw skewed("OSS keeps refusing the time of requests, corrected by its own clock");
  };
}

/** @internal */
export function skewed(message: string, cause?: unknown): UploadTokenError {
  return new UploadTokenError("rejected", `${message}; set the clock of the device`, {
    status: 403,
    serverCode: SKEWED,
    cause,
  });
}
