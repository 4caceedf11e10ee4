// The local cloud's control interface.

/**
 * Reads or, given an object, merges the configuration: `stsLifeMs` and `uploadAuthLifeMs` (lives of the two
 * credentials in milliseconds, `null` for the real ones), `partDelayMs` (how long each part takes at least).
 */
export async function config(change) {
  const init = { method: change === undefined ? "GET" : "POST", cache: "no-store" };
  if (change !== undefined) {
    init.body = JSON.stringify(change);
    init.headers = { "content-type": "application/json" };
  }
  const answer = await fetch("/__control/config", init).catch(() => undefined);
  if (!answer) throw new Error("The local cloud does not answer: is `npm start` still running?");
  if (!answer.ok) throw new Error(`The local cloud answered ${answer.status}.`);
  return answer.json();
}
