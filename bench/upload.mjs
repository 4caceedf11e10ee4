// A 100 MB upload through the vendor's SDK that outlives its credential again and again, beside the same upload with a
// credential that does not end, and beside the integration that the vendor documents.
import { figures, expiries } from "../tests/e2e/support/figures.mjs";
import { openSite } from "../tests/e2e/support/site.mjs";
import { say } from "../scripts/lib/run.mjs";
import { summary } from "./lib/statistics.mjs";

const SIZE = 100e6;
/** The SDK's own; the tests' pages send smaller parts. */
const PART_SIZE = 1 << 20;
const LIFE = 5000;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
/** One part of 1 MB in five lanes takes this long at least: the upload takes some 25 s, and the ends of five lives. */
const PART_DELAY = 1200;

const WAYS = [
  ["no expiry", "ours", { stsLifeMs: null, uploadAuthLifeMs: null }],
  ["expiry every 5 s", "ours", { stsLifeMs: LIFE, uploadAuthLifeMs: LIFE }],
  ["documented, expiry every 5 s", "documented", { stsLifeMs: null, uploadAuthLifeMs: LIFE }],
];

/** Resolves with each round of each way, and the median of each way. Rounds are interleaved: the machine changes. */
export async function measure() {
  const site = await openSite();
  const rounds = [];
  try {
    for (let round = 0; round < ROUNDS; round++) {
      for (const [way, mode, config] of WAYS) {
        const result = { round, way, ...(await upload(site, mode, config)) };
        say(`           ${way}: ${result.seconds.toFixed(2)} s, ${result.end}, ${result.refused} × 403`);
        rounds.push(result);
      }
    }
  } finally {
    await site.close();
  }
  const ways = WAYS.map(([way]) => {
    const own = rounds.filter((result) => result.way === way);
    // Of the last round only: the plot shows one upload, not three.
    const { curve, ...last } = own.at(-1);
    const ratio = summary(
      own.map(({ round, seconds }) => seconds / rounds.find((base) => base.round === round).seconds),
    );
    return { ...last, way, seconds: summary(own.map(({ seconds }) => seconds)), ratio, curve };
  });
  return { size: SIZE, lifeMs: LIFE, partDelayMs: PART_DELAY, rounds: rounds.map(({ curve, ...rest }) => rest), ways };
}

async function upload(site, mode, config) {
  await site.reset({ config: { ...config, partDelayMs: PART_DELAY } });
  const page = await site.open();
  const call = (method, ...args) => page.evaluate(([method, args]) => window.harness[method](...args), [method, args]);
  try {
    await call(mode, { partSize: PART_SIZE });
    await call("add", "film.mp4", SIZE);
    await call("start");
    const report = await call("ended", ["film.mp4"], 120_000, 1, 20_000);
    const log = await site.log();
    const stored = (await site.objects()).reduce((sum, { size }) => sum + size, 0);
    return { end: report.ends["film.mp4"].join(", ") || "none", stored, ...account(log, config.uploadAuthLifeMs) };
  } finally {
    await page.context().close();
  }
}

/** Of the local cloud's log: from the first request of the upload to the last of it, and what went over the line. */
function account(log, life) {
  const seen = figures(log);
  const own = log.filter(({ service, preflight }) => !preflight && service !== "log");
  const parts = own.filter(({ action }) => action === "UploadPart");
  const from = own[0]?.at ?? 0;
  let sum = 0;
  const curve = parts
    .filter(({ status }) => status === 200)
    .map(({ at, bytes }) => [Number(((at - from) / 1000).toFixed(2)), Number(((sum += bytes) / 1e6).toFixed(1))]);
  return {
    seconds: ((own.at(-1)?.at ?? from) - from) / 1000,
    bytesSent: parts.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0),
    refused: seen.refused,
    partsTwice: seen.sentTwice.length,
    expiries: life ? expiries(log, life) : 0,
    refreshes: seen.refreshed,
    tokens: seen.tokens,
    curve: [[0, 0], ...curve],
  };
}
