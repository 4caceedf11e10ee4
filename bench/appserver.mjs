// The AppServer under load, beside a bare Node server that answers a constant: wrk asks both in turn, on one machine.
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { accessKey, roleArn, startCloud } from "../localcloud/tests/cloud.mjs";
import { startProgram } from "../scripts/lib/app-server.mjs";
import { ensureWrk } from "../scripts/lib/daemons.mjs";
import { root, run } from "../scripts/lib/run.mjs";
import { summary } from "./lib/statistics.mjs";

const ROUNDS = 5;
const SECONDS = 5;
const CONNECTIONS = 32;
const USERS = 100;
/** Requests while every tenth call of the AppServer's fails, and how many at a time. */
const ASKED_IN_TROUBLE = 2_000;
const AT_A_TIME = 64;

/** Posts as one of a few users, each of which has a token after the first request. */
const SCRIPT = `
local count = 0
request = function()
  count = count + 1
  return wrk.format("POST", "/api/sts", { ["X-User"] = "user-" .. (count % ${USERS}) })
end
done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format('{"requests":%d,"micros":%d,"p50":%f,"p99":%f,"status":%d,"lost":%d}\\n', summary.requests,
    summary.duration, latency:percentile(50), latency:percentile(99), errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
`;

/** Resolves with the rounds of both, the AppServer's memory, and what became of requests while the cloud was in trouble. */
export async function measure() {
  await run("cargo", ["build", "--release", "--locked", "--package", "upload-token-appserver"]);
  const { wrk } = await ensureWrk();
  const folder = await mkdtemp(join(tmpdir(), "bench-"));
  const script = join(folder, "post.lua");
  await writeFile(script, SCRIPT);
  const cloud = await startCloud();
  const server = await start(cloud.sts, cloud);
  const bare = await startBare();
  try {
    const load = async ({ url, pid }) => {
      const before = await computed(pid);
      const args = ["-t", "1", "-c", String(CONNECTIONS), "-d", `${SECONDS}s`, "-s", script, url];
      const { stdout } = await run(wrk, args);
      const line = JSON.parse(stdout.split("\n").find((line) => line.startsWith("{")));
      const cpu = ((await computed(pid)) - before) / line.requests;
      return { perSecond: line.requests / (line.micros / 1e6), cpu, ...line };
    };
    const ours = { url: server.http, pid: server.pid };
    await load(ours);
    const rounds = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push({ bare: await load(bare), ours: await load(ours) });
    const resident = await memory(server.pid);
    const of = (who, what) => summary(rounds.map((round) => round[who][what]));
    const measured = (who) =>
      Object.fromEntries(["perSecond", "cpu", "p50", "p99"].map((what) => [what, of(who, what)]));
    return {
      seconds: SECONDS,
      connections: CONNECTIONS,
      rounds: ROUNDS,
      bare: measured("bare"),
      ours: { ...measured("ours"), refused: rounds.reduce((sum, { ours }) => sum + ours.status + ours.lost, 0) },
      ratio: summary(rounds.map(({ bare, ours }) => ours.perSecond / bare.perSecond)),
      residentMB: resident / 1024,
      trouble: await trouble(cloud),
    };
  } finally {
    bare.stop();
    await server.stop();
    await cloud.stop();
    await rm(folder, { recursive: true });
  }
}

function start(sts, cloud, more = {}) {
  const env = {
    ALIBABA_CLOUD_ACCESS_KEY_ID: accessKey.id,
    ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKey.secret,
    ALIBABA_CLOUD_ROLE_ARN: roleArn,
    UPLOAD_TOKEN_AUTH: "proxy-header:X-User",
    UPLOAD_TOKEN_ENDPOINTS: "sts",
    UPLOAD_TOKEN_REQUESTS_PER_MINUTE: "1000000",
    UPLOAD_TOKEN_STS_ENDPOINT: sts,
    UPLOAD_TOKEN_STS_PER_SECOND: "99",
    UPLOAD_TOKEN_VOD_ENDPOINT: `http://127.0.0.1:${cloud.port}/__cloud/vod.cn-shanghai.aliyuncs.com`,
    ...more,
  };
  return startProgram(["--listen", "127.0.0.1:0"], { env, profile: "release", log: "ignore" });
}

/** What a server costs that does nothing, in a process of its own. */
async function startBare() {
  const code = `
    const answer = JSON.stringify({ StatusCode: 200, AccessKeyId: "STS.x", AccessKeySecret: "s".repeat(44),
      SecurityToken: "t".repeat(640), Expiration: "2026-01-01T00:00:00Z", ServerTime: "2026-01-01T00:00:00.000Z" });
    const server = require("node:http").createServer((request, response) => {
      response.setHeader("Content-Type", "application/json");
      response.end(answer);
    });
    server.listen(0, "127.0.0.1", () => console.log(server.address().port));`;
  const child = spawn(process.execPath, ["-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  const port = await new Promise((resolve) => child.stdout.once("data", (text) => resolve(Number(text))));
  return { url: `http://127.0.0.1:${port}`, pid: child.pid, stop: () => child.kill() };
}

/** How long a process has computed, in microseconds; Linux tells, in hundredths of a second. */
async function computed(pid) {
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

/** The most that was resident, in kB; Linux tells. */
async function memory(pid) {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)[1]);
}

/**
 * Every twentieth call to STS fails with 500 and every twentieth is never answered. No token serves twice, so each request
 * needs a call. Resolves with how many answers there were, by status, and how many were no whole JSON.
 */
async function trouble(cloud) {
  const flaky = await startFlaky(new URL(cloud.sts));
  const server = await start(flaky.url, cloud);
  const statuses = {};
  let broken = 0;
  let next = 0;
  const worker = async () => {
    while (next < ASKED_IN_TROUBLE) {
      const user = `user-${next++}`;
      try {
        const response = await fetch(`${server.http}/api/sts`, { method: "POST", headers: { "x-user": user } });
        statuses[response.status] = (statuses[response.status] ?? 0) + 1;
        await response.json();
      } catch {
        broken++;
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_A_TIME }, worker));
    return { asked: ASKED_IN_TROUBLE, statuses, broken, residentMB: (await memory(server.pid)) / 1024 };
  } finally {
    await server.stop();
    flaky.stop();
  }
}

/** STS, but for one call in ten. */
async function startFlaky({ hostname, port }) {
  let calls = 0;
  const server = createServer((request, response) => {
    const call = calls++ % 20;
    if (call === 9) return;
    if (call === 19) return response.writeHead(500).end();
    const { method, headers, url: path } = request;
    const forwarded = httpRequest({ hostname, port, method, headers, path }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    forwarded.once("error", () => response.destroy());
    request.pipe(forwarded);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${server.address().port}`, stop };
}
