// bench/README.md, its tables and its plots, from what was measured last.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { root, run } from "../../scripts/lib/run.mjs";
import { lines } from "./svg.mjs";

const folder = join(root, "bench");
const results = join(folder, "results");

/** Writes everything for which there is a result. */
export async function writeReadme() {
  const sections = [];
  for (const [name, section] of Object.entries(SECTIONS)) {
    const text = await readFile(join(results, `${name}.json`), "utf8").catch(() => undefined);
    if (text) sections.push(await section(JSON.parse(text)));
  }
  const readme = join(folder, "README.md");
  await writeFile(readme, [INTRODUCTION, ...sections].join("\n"));
  await run(join(root, "node_modules/.bin/prettier"), ["--write", readme]);
}

const INTRODUCTION = `# Figures

Made by \`npm run bench\` (or \`npm run bench -- hot start upload fleet\`) on the machine that each part names. Nothing here
passes or fails a test: times are this machine's, and what counts are the ratios to a rival measured in the same run.
What was measured is in \`results/\` as JSON. What the module consists of is in [size.md](size.md).
`;

const machine = ({ machine: { date, commit, cpu, cores, node, loadBefore } }) =>
  `_${date}, commit ${commit}, ${cores} × ${cpu}, Node ${node}; load before: ${loadBefore}._\n`;
const table = (head, rows) =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
const number = (value) => Math.round(value).toLocaleString("en");
const times = ({ median }) => `${median.toFixed(2)} ×`;

const SECTIONS = {
  hot(result) {
    const parts = result.engines.map(({ engine, entries }) => {
      const cell = (judged) => (judged ? `${number(judged.ns.median)} ns (${times(judged.ratio)})` : "–");
      const rows = entries.map(({ name, peek, get }) => [name, cell(peek), cell(get)]);
      return `**${engine}**\n\n${table(["", "`peek()`", "`await getToken()`"], rows)}\n`;
    });
    return `## A call with a token in hand

Median of ${result.rounds} turns of 5,000 calls, contenders in random order within each turn; in brackets the median of the
ratios to a JavaScript class that makes the same checks by \`Date.now()\` alone. The others look at one expiry and know of
no refusals, margins or clocks that jump. Ours asks the module at each call, and that the platform's two clocks.

${machine(result)}
${parts.join("\n")}`;
  },

  start(result) {
    const cell = ({ median, low, high }) => `${median.toFixed(1)} ms (${low.toFixed(1)}–${high.toFixed(1)})`;
    const rows = result.entries.map(({ entry, cold, warm }) => [`\`${entry}\``, cell(cold), cell(warm)]);
    return `## From import to first token

${result.engine}, files from loopback without compression, a source that answers at once; median and quartiles of
${result.rounds} loads.

${machine(result)}
${table(["Entry", "empty cache", "full cache"], rows)}
`;
  },

  async upload(result) {
    const { size, lifeMs, ways, rounds } = result;
    const rows = ways.map((way) => [
      way.way,
      way.end,
      `${way.seconds.median.toFixed(2)} s`,
      `${way.ratio.median.toFixed(3)}`,
      `${(way.bytesSent / 1e6).toFixed(1)} MB`,
      way.expiries,
      way.refused,
      way.partsTwice,
    ]);
    const plot = lines({
      title: `${size / 1e6} MB through the vendor's SDK, UploadAuths of ${lifeMs / 1000} s`,
      x: "seconds since the upload began",
      y: "MB that OSS has taken",
      series: ways.map(({ way, curve }) => ({ name: way.split(",")[0], points: curve, steps: true })),
    });
    await writeFile(join(results, "upload.svg"), plot);
    const head = ["", "ends", "time", "ratio", "sent", "expiries", "403s", "parts twice"];
    return `## An upload that outlives its credentials

${size / 1e6} MB through the real SDK in Chromium, five parts at a time, each part delayed by the local cloud; the median of
${rounds.length / ways.length} interleaved rounds. The ratio is to the upload without expiry of the same round; 1.01 is what we aim at.

${machine(result)}
${table(head, rows)}

![bytes over time](results/upload.svg)
`;
  },

  async fleet(result) {
    const parts = [];
    const hour = (policy) => policy.lives.find(({ lifeS }) => lifeS === 3600);
    for (const { lifeS } of result.policies[0].lives) {
      const of = (policy) => policy.lives.find((life) => life.lifeS === lifeS);
      const crowds = result.policies.map((policy) => {
        const { flash, together } = of(policy);
        return [policy.policy, number(flash.mean), number(flash.peak), number(together.peak), number(flash.failed)];
      });
      const minutes = of(result.policies[0]).outages.map((outage) => outage.minutes);
      const outages = result.policies.map((policy) => [
        policy.policy,
        ...of(policy).outages.map(({ failed, recoveryPeak }) => `${number(failed)} / ${number(recoveryPeak)}`),
      ]);
      const head = ["", "mean requests/s", "peak, flash crowd", "peak, synchronised start", "failed operations"];
      parts.push(`### Tokens of ${lifeS / 60} minutes

${table(head, crowds)}

Outages of the AppServer: failed operations / highest requests in a second of the two minutes after it.

${table(["", ...minutes.map((minute) => `${minute} min`)], outages)}
`);
    }
    const series = result.policies.map((policy) => {
      const outage = hour(policy).outages.find(({ minutes }) => minutes === 15);
      return { name: policy.policy, points: outage.series.map((value, at) => [at / 6, value]) };
    });
    const plot = lines({
      title: "15 minutes without an AppServer, tokens of an hour",
      x: "minutes since the outage began",
      y: "requests a second (highest of 10 s)",
      log: true,
      series,
    });
    await writeFile(join(results, "fleet.svg"), plot);
    return `## A fleet

${number(result.clients)} pages on the real machine (\`Slot\` of this crate, built for the host), in virtual time, seed ${result.seed}; beside the
rules of others: ali-oss's fixed interval, a refresh at expiry, a fixed margin, and the windows of the AWS SDKs. A flash
crowd opens within a minute, a synchronised start within a second; peaks are those after the arrival itself, in any
second. It took ${result.seconds} s.

${machine(result)}
${parts.join("\n")}
![requests during and after an outage](results/fleet.svg)
`;
  },
};
