/** Numbers of a token's life, each whole. {@link POLICY_NUMBERS} has the ranges as data. */
export interface RefreshPolicy {
  /** Validity below which a token is never handed out: it covers the way to the server. In ms; default 15,000, from 0 to 300,000. */
  margin: number;
  /** The margin is at most this share of the token's life, so that short tokens are served as well. In per mille; default 50, from 0 to 500. */
  marginShare: number;
  /** The margin of a token whose end was judged by the device's own clock alone. In ms; default 60,000, from 0 to 600,000. */
  uncertainMargin: number;
  /** That margin is at most this share of the token's life. In per mille; default 100, from 0 to 500. */
  uncertainMarginShare: number;
  /** Validity below which a caller waits for the next token, and gets the old one only if none comes. In ms; default 60,000, from 0 to 600,000. */
  mandatoryWindow: number;
  /** The mandatory window is at most this share of the token's life. In per mille; default 150, from 0 to 900. */
  mandatoryShare: number;
  /** How long before its end a token is refreshed in the background, as a share of its life. In per mille; default 333, from 0 to 900. */
  advisoryShare: number;
  /** The advisory window is at least this long, on average. In ms; default 90,000, from 0 to 3,600,000. */
  advisoryWindowLeast: number;
  /** The advisory window is at most this long, on average. In ms; default 900,000, from 1 to 21,600,000. */
  advisoryWindow: number;
  /** The advisory window is at most this share of the token's life, whatever the two before say. In per mille; default 400, from 1 to 900. */
  advisoryCap: number;
  /** The advisory window varies by this share to both sides, so that pages opened together do not ask together. In per mille; default 250, from 0 to 500. */
  jitter: number;
  /** A token is not refreshed unasked before this age. In ms; default 30,000, from 0 to 3,600,000. */
  minimumAge: number;
  /** That age is at most this share of the token's life. In per mille; default 250, from 0 to 900. */
  minimumAgeShare: number;
  /** Life of a token whose answer names no end. In ms; default 900,000, from 1,000 to 43,200,000. */
  assumedLife: number;
  /** No token is believed to live longer. In ms; default 43,200,000, from 1,000 to 43,200,000. */
  longestLife: number;
  /** How much slower than the server this device may count; the life counted on is shorter by it. In parts per million; default 1,000, from 0 to 100,000. */
  drift: number;
  /** One request is given up after this time. In ms; default 10,000, from 50 to 120,000. */
  deadline: number;
  /** A caller gets an error after this time, over all requests. In ms; default 30,000, from 50 to 600,000. */
  waitDeadline: number;
  /** Wait after a first failure; each further one in a row triples it. In ms; default 1,000, from 10 to 60,000. */
  backoffBase: number;
  /** Wait after the server first asked for fewer requests. In ms; default 10,000, from 10 to 300,000. */
  throttleBase: number;
  /** Longest wait after a failure while a token still works. In ms; default 300,000, from 10 to 3,600,000. */
  backoffCap: number;
  /** Longest wait after a failure without a token that works; twice that if the server asks for fewer requests. In ms; default 60,000, from 10 to 3,600,000. */
  dryBackoffCap: number;
  /** Longest `Retry-After` that is obeyed while a token still works, and never more than half of its validity. In ms; default 300,000, from 0 to 3,600,000. */
  retryAfterCap: number;
  /** A first caller, or the page waking up, ends a wait after a failure within this time, once. In ms; default 2,000, from 0 to 60,000. */
  pullIn: number;
  /** Requests that may follow each other without a pause. A count; default 10, from 1 to 1,000. */
  budget: number;
  /** Beyond the budget, one request is made in this time. In ms; default 30,000, from 10 to 3,600,000. */
  budgetRefill: number;
  /** A request that brings a token of at least this life does not count against the budget. In ms; default 900, from 0 to 3,600,000. */
  refundLife: number;
  /** After an error that no retry can mend, callers get the same error at once for this time; it doubles. In ms; default 5,000, from 0 to 600,000. */
  hold: number;
  /** Longest such time. In ms; default 60,000, from 0 to 3,600,000. */
  holdCap: number;
  /** Fresh tokens that servers refuse in a row before callers get the error `rejected`. A count; default 3, from 1 to 100. */
  rejectionsInARow: number;
  /** A token is refreshed ahead for this long after the last call. In ms; default 120,000, from 0 to 86,400,000. */
  idleWindow: number;
  /** The device's two clocks may part by this much before its validity is judged anew. In ms; default 1,000, from 0 to 60,000. */
  clockTolerance: number;
  /** While the page is active, its clocks are compared at least this often. In ms; default 30,000, from 100 to 3,600,000. */
  heartbeat: number;
}

/**
 * Each number of the refresh policy with its lowest and highest value. The same table as in
 * `src/policy.rs`, which has the defaults and the reasons; a test compares the two.
 */
export const POLICY_NUMBERS = {
  margin: [0, 300_000],
  marginShare: [0, 500],
  uncertainMargin: [0, 600_000],
  uncertainMarginShare: [0, 500],
  mandatoryWindow: [0, 600_000],
  mandatoryShare: [0, 900],
  advisoryShare: [0, 900],
  advisoryWindowLeast: [0, 3_600_000],
  advisoryWindow: [1, 21_600_000],
  advisoryCap: [1, 900],
  jitter: [0, 500],
  minimumAge: [0, 3_600_000],
  minimumAgeShare: [0, 900],
  assumedLife: [1_000, 43_200_000],
  longestLife: [1_000, 43_200_000],
  drift: [0, 100_000],
  deadline: [50, 120_000],
  waitDeadline: [50, 600_000],
  backoffBase: [10, 60_000],
  throttleBase: [10, 300_000],
  backoffCap: [10, 3_600_000],
  dryBackoffCap: [10, 3_600_000],
  retryAfterCap: [0, 3_600_000],
  pullIn: [0, 60_000],
  budget: [1, 1_000],
  budgetRefill: [10, 3_600_000],
  refundLife: [0, 3_600_000],
  hold: [0, 600_000],
  holdCap: [0, 3_600_000],
  rejectionsInARow: [1, 100],
  idleWindow: [0, 86_400_000],
  clockTolerance: [0, 60_000],
  heartbeat: [100, 3_600_000],
} as const satisfies Record<keyof RefreshPolicy, readonly [lowest: number, highest: number]>;
