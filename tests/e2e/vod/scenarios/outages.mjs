// An AppServer that fails, hangs, is slow or answers nonsense: at the start, or when a credential is renewed.

import { progress } from "../../support/wait.mjs";

const APP = { service: "app" };
const LIVES = { stsLifeMs: 2000, uploadAuthLifeMs: 2000, partDelayMs: 1300 };
const HTML = { ...APP, status: 200, body: "<!doctype html><title>Sign in to this network</title>" };

/** Plans faults once a part is stored, so that they strike a renewal. */
const later =
  (...faults) =>
  async ({ site, page }) => {
    await progress(page, 2);
    await site.control("POST", "faults", faults);
  };

/** Deadlines short enough to see an outage that lasts. */
const ours = { deadline: 4000, policy: { deadline: 1500, waitDeadline: 4000, hold: 100, holdCap: 100 } };

/** An expiry of both credentials: ours asks the AppServer only if VOD, too, refuses the token that it has. */
const expired = [
  { service: "oss", action: "UploadPart", partNumber: 3, status: 403, code: "SecurityTokenExpired" },
  { service: "vod", action: "RefreshUploadVideo", status: 403, code: "InvalidSecurityToken.Expired" },
];

export const outages = [
  { name: "the AppServer answers 500 twice at the start", faults: [{ ...APP, times: 2, status: 500 }] },
  {
    name: "the AppServer answers 500 for ever",
    faults: [{ ...APP, times: -1, status: 500 }],
    ours,
    ends: "Failed http",
  },
  {
    name: "the AppServer answers 401",
    faults: [{ ...APP, times: -1, status: 401 }],
    ours,
    ends: "Failed unauthenticated",
  },
  { name: "the AppServer hangs once", faults: [{ ...APP, hang: true }], ours: { policy: { deadline: 1500 } } },
  { name: "the AppServer hangs for ever", faults: [{ ...APP, times: -1, hang: true }], ours, ends: "Failed timeout" },
  { name: "the AppServer answers HTML once", faults: [HTML] },
  {
    name: "the AppServer answers HTML for ever",
    faults: [{ ...HTML, times: -1 }],
    ours,
    ends: "Failed invalid_response",
  },
  {
    name: "the AppServer closes connections for ever",
    faults: [{ ...APP, times: -1, drop: true }],
    ours,
    ends: "Failed network",
  },
  {
    name: "the token that the page has had expired before the start",
    config: { stsLifeMs: 1000 },
    before: async ({ page, mode }) => {
      if (mode === "ours") await page.evaluate(() => window.harness.tokens.getToken());
      await new Promise((done) => setTimeout(done, 2500));
    },
  },
  { name: "the AppServer takes 3 s", config: { delaysMs: { app: 3000 } } },

  {
    name: "a renewal: the AppServer answers 500 twice",
    config: LIVES,
    during: later({ ...APP, times: 2, status: 500 }),
    refused: 1,
  },
  {
    name: "a renewal: the AppServer hangs once",
    config: LIVES,
    during: later({ ...APP, hang: true }),
    ours: { policy: { deadline: 800 } },
    refused: 1,
  },
  {
    name: "a renewal: the AppServer is gone for ever",
    config: LIVES,
    during: later({ ...APP, times: -1, drop: true }),
    ours,
    ends: "Failed network",
    refused: 1,
  },
  {
    name: "a renewal: the AppServer answers HTML twice",
    config: LIVES,
    during: later({ ...HTML, times: 2 }),
    refused: 1,
  },
  {
    name: "a renewal: the AppServer takes 700 ms",
    config: LIVES,
    during: ({ site }) => site.control("POST", "config", { delaysMs: { app: 700 } }),
    refused: 1,
  },
  {
    name: "a renewal: VOD is unreachable twice",
    config: LIVES,
    during: later({ service: "vod", times: 2, drop: true }),
    refused: 1,
  },
  {
    name: "a renewal: VOD is unreachable for ever",
    config: LIVES,
    during: later({ service: "vod", times: -1, drop: true }),
    ours,
    ends: "Failed network",
    refused: 1,
  },
  {
    name: "a device that is given the same dead token again and again",
    faults: [{ ...APP, times: -1, status: 200, body: DEAD() }],
    ours,
    ends: "Failed expired_on_arrival",
  },
  {
    name: "after refusals of OSS and of VOD: the AppServer answers 500 twice",
    faults: [...expired, { ...APP, skip: 1, times: 2, status: 500 }],
    refused: 1,
  },
  {
    name: "after refusals of OSS and of VOD: the AppServer answers 500 for ever",
    faults: [...expired, { ...APP, skip: 1, times: -1, status: 500 }],
    ours,
    ends: "Failed http",
    refused: 1,
  },
];

function DEAD() {
  return {
    AccessKeyId: "STS.NDead",
    AccessKeySecret: "dead",
    SecurityToken: "CAISdead",
    Expiration: "2020-01-01T00:00:00Z",
  };
}
