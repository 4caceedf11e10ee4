// What can be made to go wrong between a lane and its servers.

/**
 * @typedef {object} Plan What goes wrong from now on.
 * @property {keyof typeof APP_SERVER} appServer
 * @property {boolean} offline
 * @property {number} refusals Parts that OSS is to refuse, counted from the beginning of the run.
 */

const SLOW_MS = 4000;
const json = { "content-type": "application/json" };
const SIGN_IN = "<!doctype html><title>Sign in</title><form><input name=user></form>";
const REFUSAL =
  '<?xml version="1.0" encoding="UTF-8"?><Error><Code>SecurityTokenExpired</Code>' +
  "<Message>The security token you provided has expired.</Message></Error>";

/** What the AppServer may do, by the value in the page's menu. */
const APP_SERVER = {
  works: ({ send }) => send(),
  down: () => new Response("{}", { status: 503, headers: json }),
  slow: ({ send, wait }) => wait(SLOW_MS).then(send),
  throttled: () => new Response("{}", { status: 429, headers: { ...json, "retry-after": "1" } }),
  hanging: ({ wait }) => wait(Infinity),
  html: () => new Response(SIGN_IN, { headers: { "content-type": "text/html" } }),
  stale: ({ send, last }) => last?.clone() ?? send(),
};

/** The faults of one lane. */
class Faults {
  /** @type {Plan} */
  #plan = { appServer: "works", offline: false, refusals: 0 };
  #refused = 0;
  #connection = new AbortController();
  /** The AppServer's last answer, for one that repeats it. */
  #last;

  /** @param {Plan} plan */
  set(plan) {
    this.#plan = plan;
    // A device that leaves its network loses what is under way.
    if (plan.offline) this.#connection.abort();
    else if (this.#connection.signal.aborted) this.#connection = new AbortController();
  }

  /**
   * Answers a request, by `send` if nothing goes wrong.
   *
   * @param {import("./requests.js").Subject} about
   * @param {(lost: AbortSignal) => Promise<Response>} send
   * @param {AbortSignal} signal The page's own.
   */
  async answer({ service, action }, send, signal) {
    const lost = this.#connection.signal;
    if (this.#plan.offline) return Response.error();
    if (service === "oss" && action === "UploadPart" && this.#refused < this.#plan.refusals) {
      this.#refused++;
      return new Response(REFUSAL, { status: 403, headers: { "content-type": "application/xml" } });
    }
    if (service !== "app") return send(lost);
    const wait = (ms) => pause(ms, AbortSignal.any([signal, lost]));
    const response = await APP_SERVER[this.#plan.appServer]({ wait, last: this.#last, send: () => send(lost) });
    if (response.ok && this.#plan.appServer !== "html") this.#last = response.clone();
    return response;
  }
}

/** Rejects once `signal` fires; `Infinity` waits for that alone. */
function pause(ms, signal) {
  return new Promise((done, fail) => {
    if (ms !== Infinity) setTimeout(done, ms);
    signal.addEventListener("abort", () => fail(signal.reason), { once: true });
  });
}
