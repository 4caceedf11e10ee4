// What the fleet's figures look like on paper.

const hour = (result, seconds) =>
  result.policies.map(({ policy, lives }) => ({ policy, ...lives.find(({ lifeS }) => lifeS === seconds) }));

/** Name → chart. */
export function fleetPlots(result) {
  const perSecond = "requests a second, most of 10 s";
  const series = (of) => hour(result, 3600).map((entry) => ({ name: entry.policy, points: of(entry) }));
  const every10 = (values) => values.map((value, nth) => [nth / 6, value]);
  return {
    "fleet-flash": {
      title: "A million pages open within a minute; tokens live 60 min",
      x: "time, min",
      y: perSecond,
      log: true,
      series: series(({ flash }) => every10(flash.series)),
    },
    "fleet-outage": {
      title: "The AppServer is down from minute 0 to 10; tokens live 60 min",
      x: "time, min",
      y: perSecond,
      log: true,
      series: series(({ outages }) => every10(outages.find(({ minutes }) => minutes === 10).series)),
    },
    "fleet-failed": {
      title: "Operations that fail in an outage and 20 min after; tokens live 60 min",
      x: "length of the outage, min",
      y: "operations",
      log: true,
      series: series(({ outages }) => outages.map((o) => [o.minutes, o.failed + o.spurious])),
    },
  };
}

/** `table` is a function from head and rows to Markdown. */
export function fleetTables(result, table) {
  const text = [`${number(result.clients)} clients, seed ${result.seed}, ${result.seconds} s on this machine.`];
  for (const life of [3600, 900]) {
    const all = hour(result, life);
    text.push(`### Tokens live ${life / 60} min`);
    const crowdHead = [
      "",
      "flash crowd: peak/s",
      "synchronised: peak/s",
      "mean/s",
      "calls/client/h",
      "steady mean/s",
      "steady peak/s",
    ];
    const crowds = all.map(({ policy, flash, together, outages: [first] }) => [
      policy,
      number(flash.peak),
      number(together.peak),
      number(flash.mean),
      flash.callsPerClientHour,
      number(first.steadyMean),
      number(first.steadyPeak),
    ]);
    text.push(table(crowdHead, crowds));
    const outageHead = ["outage", ...all.map(({ policy }) => policy)];
    const minutes = all[0].outages.map((outage) => outage.minutes);
    const of = (entry, nth) => entry.outages[nth];
    const rows = (cell) => minutes.map((m, nth) => [`${m} min`, ...all.map((entry) => cell(of(entry, nth)))]);
    text.push("Operations failed / of these with a good token in hand:");
    text.push(
      table(
        outageHead,
        rows((o) => `${number(o.failed + o.spurious)} / ${number(o.spurious)}`),
      ),
    );
    text.push("Peak a second in the outage / in the two minutes after it:");
    text.push(
      table(
        outageHead,
        rows((o) => `${number(o.outagePeak)} / ${number(o.recoveryPeak)}`),
      ),
    );
  }
  const plots = ["flash", "outage", "failed"].map((name) => `![Fleet: ${name}](results/fleet-${name}.svg)`);
  return [...text, ...plots].join("\n\n");
}

function number(value) {
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)} M`;
  return Math.round(value).toLocaleString("en").replace(/,/g, " ");
}
