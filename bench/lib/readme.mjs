// The tables and plots of README.md, from `results/*.json`.
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { root } from "../../scripts/lib/run.mjs";
import { fleetPlots, fleetTables } from "./fleet-tables.mjs";
import { lines } from "./svg.mjs";

const bench = join(root, "bench");
const WRITERS = { hot, start, upload, fleet, appserver };

/** Writes what has been measured between the markers `<!-- NAME -->` and `<!-- /NAME -->`; leaves the rest alone. */
export async function writeReadme() {
  const path = join(bench, "README.md");
  let text = await readFile(path, "utf8");
  for (const [name, writer] of Object.entries(WRITERS)) {
    const file = join(bench, "results", `${name}.json`);
    if (!existsSync(file)) continue;
    const result = JSON.parse(await readFile(file, "utf8"));
    const body = `${on(result.machine)}\n\n${await writer(result)}`;
    const place = new RegExp(`(<!-- ${name} -->)[^]*(<!-- /${name} -->)`);
    text = text.replace(place, (_, before, after) => `${before}\n\n${body}\n\n${after}`);
  }
  const { format, resolveConfig } = await import("prettier");
  await writeFile(path, await format(text, { ...(await resolveConfig(path)), filepath: path }));
}

function on({ date, commit, cpu, cores, node, loadBefore }) {
  return `${date}, commit ${commit}; ${cores} cores (${cpu}), Node ${node}; load before the run ${loadBefore}.`;
}

function hot({ rounds, engines }) {
  const cell = (kind) =>
    kind ? `${Math.round(kind.ns.median)} (${Math.round(kind.ns.low)}–${Math.round(kind.ns.high)})` : "–";
  const ratio = (kind) => (kind ? kind.ratio.median.toFixed(1) : "–");
  const rows = engines.flatMap(({ engine, entries }) =>
    entries.map(({ name, peek, get }) => [engine, name, cell(peek), ratio(peek), cell(get), ratio(get)]),
  );
  const head = ["engine", "", "`peek()`, ns", "ratio", "`await getToken()`, ns", "ratio"];
  return `Median of ${rounds} rounds (quartiles); ratios are to the class in the same round.\n\n${table(head, rows)}`;
}

function start({ rounds, engine, entries }) {
  const cell = ({ median, low, high }) => `${median.toFixed(1)} (${low.toFixed(1)}–${high.toFixed(1)})`;
  const rows = entries.map(({ entry, cold, warm }) => [`\`${entry}\``, cell(cold), cell(warm)]);
  const head = ["entry", "nothing cached, ms", "cached, ms"];
  return `${engine}, median of ${rounds} rounds (quartiles).\n\n${table(head, rows)}`;
}

async function upload({ rounds, ways, size, lifeMs }) {
  const rows = ways.map((way) => [
    way.way,
    way.end,
    way.seconds.median.toFixed(2),
    way.end === "Succeed" ? way.ratio.median.toFixed(4) : "–",
    (way.bytesSent / 1e6).toFixed(1),
    way.refused,
    way.partsTwice,
    way.expiries,
  ]);
  const head = ["", "ends with", "time, s", "ratio", "sent, MB", "403s", "parts twice", "credentials that ended"];
  const series = ways.map(({ way, curve }) => ({ name: way.replace("expiry every 5 s", "5 s"), points: curve }));
  const title = `${size / 1e6} MB upload; “5 s”: credentials end every ${lifeMs / 1000} s`;
  await plot("upload", { title, x: "time since the first request, s", y: "stored, MB", series });
  const each = rounds.length / ways.length;
  return `Median of ${each} rounds; the counts are of the last.\n\n${table(head, rows)}\n\n![Upload](results/upload.svg)`;
}

async function fleet(result) {
  for (const [name, chart] of Object.entries(fleetPlots(result))) await plot(name, chart);
  return fleetTables(result, table);
}

function appserver({ seconds, connections, rounds, bare, ours, ratio, residentMB, trouble }) {
  const cell = ({ median, low, high }) => `${Math.round(median)} (${Math.round(low)}–${Math.round(high)})`;
  const ms = ({ median }) => (median / 1000).toFixed(2);
  const row = (name, one, ratio, resident) => [
    name,
    cell(one.perSecond),
    ratio,
    one.cpu.median.toFixed(0),
    ms(one.p50),
    ms(one.p99),
    resident,
  ];
  const head = ["", "requests a second", "ratio", "CPU, µs", "median, ms", "p99, ms", "resident, MB"];
  const both = [
    row("a bare Node server, a constant", bare, "1.00", "–"),
    row("the AppServer, a token in hand", ours, ratio.median.toFixed(2), residentMB.toFixed(1)),
  ];
  const statuses = Object.entries(trouble.statuses).map(([status, count]) => `${count} with ${status}`);
  return (
    `Median of ${rounds} rounds of ${seconds} s (quartiles), ${connections} connections. Refused or lost: ${ours.refused}.\n\n` +
    `${table(head, both)}\n\nWhile one call to STS in twenty failed and one was never answered, ${trouble.asked} requests ` +
    `were answered: ${statuses.join(", ")}. Answers that were no whole JSON, or none: ${trouble.broken}. ` +
    `Resident: ${trouble.residentMB.toFixed(1)} MB.`
  );
}

function plot(name, chart) {
  return writeFile(join(bench, "results", `${name}.svg`), lines(chart));
}

function table(head, rows) {
  return [head, head.map((_, nth) => (nth === 0 ? "---" : "---:")), ...rows]
    .map((row) => `| ${row.join(" | ")} |`)
    .join("\n");
}
