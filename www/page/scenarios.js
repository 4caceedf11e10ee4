// Runs that show one thing each: what is set at the start, and what happens meanwhile.

const DAY = 86_400_000;

/**
 * @typedef {object} Scenario
 * @property {string} name
 * @property {string} about
 * @property {Record<string, unknown>} [set] Controls, by name, at the start.
 * @property {{ after: number, set?: Record<string, unknown>, press?: string }[]} [then] In ms from the start.
 */

/** @type {Scenario[]} */
export const SCENARIOS = [
  {
    name: "Only time passes",
    about: "Nothing goes wrong. The credentials end, as they always do.",
  },
  {
    name: "A clock that is a day wrong",
    about: "The device believes that it is tomorrow. One that trusts its clock renews too often or never.",
    set: { clock: String(DAY) },
  },
  {
    name: "The AppServer is down for 5 s",
    about: "It answers 503 at the very moment at which the first credential should be renewed.",
    then: [
      { after: 2500, set: { appServer: "down" } },
      { after: 7500, set: { appServer: "works" } },
    ],
  },
  {
    name: "A sign-in page for a token",
    about: "A proxy answers the first requests with HTML and status 200.",
    set: { appServer: "html" },
    then: [{ after: 3000, set: { appServer: "works" } }],
  },
  {
    name: "Refused before its time",
    about: "OSS refuses a credential that should have worked.",
    then: [{ after: 3000, press: "refuse" }],
  },
  {
    name: "The laptop sleeps for 8 s",
    about: "Nothing of the page runs for longer than a credential lives, and the page freezes meanwhile.",
    then: [{ after: 3000, press: "sleep" }],
  },
];
