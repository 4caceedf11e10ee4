// What `npm test` counts is what ran: each test once, whatever ran beside it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { after, before, describe, it } from "node:test";

import { measure } from "../../scripts/lib/measure.mjs";
import { runs } from "../../scripts/lib/processes.mjs";
import { readLibtest, readNode } from "../../scripts/lib/results.mjs";
import { root } from "./packed.mjs";

/** Groups side by side, whose names are the same in both files. */
const TESTS = `
  import assert from "node:assert/strict";
  import { describe, it } from "node:test";
  import { setTimeout as sleep } from "node:timers/promises";

  describe("side by side", { concurrency: 3 }, () => {
    for (const [group, ms] of [["slow", 300], ["quick", 30], ["quicker", 3]]) {
      describe(group, { concurrency: 1 }, () => {
        it("waits", () => sleep(ms));
        it("waits again", () => sleep(ms));
      });
    }
  });
  it("is wrong", () => assert.equal("what it is", "what was wanted"));
  it("is left out", { skip: true }, () => {});
`;

/** Their names are more than a pipe holds, and who reads them stands still until after the last one. */
const LONG = 200;
const LONG_NAMES = `
  import { spawn } from "node:child_process";
  import { it } from "node:test";

  setInterval(() => {}, 1000);
  it("stops its reader", () => {
    process.kill(process.ppid, "SIGSTOP");
    spawn("sh", ["-c", \`sleep 2; kill -CONT \${process.ppid}\`], { detached: true, stdio: "ignore" }).unref();
  });
  for (let nth = 0; nth < ${LONG}; nth++) it(\`\${nth} \${"long ".repeat(4000)}\`, () => {});
`;

/** A process and a worker of its own are as they would be without it. */
const STARTING = `
  import assert from "node:assert/strict";
  import { execFileSync } from "node:child_process";
  import { once } from "node:events";
  import { it } from "node:test";
  import { Worker } from "node:worker_threads";

  it("starts", async () => {
    const printed = execFileSync(process.execPath, ["-p", "process.exit.toString()"], { encoding: "utf8" });
    assert.match(printed, /reallyExit|exitCode/);
    const worker = new Worker("process.exit()", { eval: true });
    assert.deepEqual(await once(worker, "exit"), [0]);
  });
`;

/** What it starts is in a group of its own, and hears nothing of what its file is told. */
const LEAVING = `
  import { spawn } from "node:child_process";
  import { it } from "node:test";

  it("waits for ever", () => {
    const { pid } = spawn("sleep", ["1000"], { detached: true, stdio: "ignore" });
    process.once("exit", () => process.kill(-pid));
    console.log("started " + pid);
    return new Promise((done) => setTimeout(done, 1e6));
  });
`;

const COMPUTING = `
  import { it } from "node:test";

  it("computes for ever", () => {
    console.log("started " + process.pid);
    for (;;);
  });
`;

describe("Node's tests", () => {
  let folder;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "upload-token-runner-"));
    for (const name of ["one", "two"]) writeFileSync(join(folder, `${name}.test.mjs`), TESTS);
    writeFileSync(join(folder, "broken.test.mjs"), 'throw new Error("cannot begin");');
    const hanging = 'it("passes", () => {}); it("waits for ever", () => new Promise((done) => setTimeout(done, 1e6)));';
    writeFileSync(join(folder, "hanging.test.mjs"), `import { it } from "node:test"; ${hanging}`);
    writeFileSync(join(folder, "leaving.test.mjs"), LEAVING);
    writeFileSync(join(folder, "computing.test.mjs"), COMPUTING);
    writeFileSync(join(folder, "empty.test.mjs"), 'import "node:test";');
    writeFileSync(join(folder, "long.test.mjs"), LONG_NAMES);
    writeFileSync(join(folder, "starting.test.mjs"), STARTING);
    writeFileSync(join(folder, "running.test.mjs"), `setInterval(() => {}, 1000); ${TESTS}`);
  });
  after(() => rmSync(folder, { recursive: true }));

  function run(files, ...options) {
    // Within a test Node would have its children report to it.
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
    const paths = files.map((name) => join(folder, `${name}.test.mjs`));
    const args = ["scripts/lib/node-tests.mjs", "--at-once", "2", ...options, ...paths];
    const limits = { maxBuffer: 64 << 20, timeout: 60_000, killSignal: "SIGKILL" };
    const { status, stdout } = spawnSync(process.execPath, args, { cwd: root, env, encoding: "utf8", ...limits });
    return { code: status, output: stdout, ...readNode(stdout) };
  }

  it("are counted once each", () => {
    const { code, passed, failed, skipped, failures } = run(["one", "two"]);
    assert.deepEqual({ code, passed, failed, skipped }, { code: 1, passed: 12, failed: 2, skipped: 2 });
    assert.deepEqual(
      failures.map(({ name }) => name),
      ["is wrong", "is wrong"],
    );
    assert.match(failures[0].text, /one\.test\.mjs:14\n[^]*what was wanted/);
  });

  it("are not counted when the name that was asked for is not theirs", () => {
    const { code, passed, failed, skipped } = run(["one"], "--only", "waits again");
    assert.deepEqual({ code, passed, failed, skipped }, { code: 0, passed: 3, failed: 0, skipped: 0 });
  });

  it("end with a file that has left something running", () => {
    const { passed, failed } = run(["running", "two"]);
    assert.deepEqual({ passed, failed }, { passed: 12, failed: 2 });
  });

  it("are all counted where their reader is slow", () => {
    const { code, passed, failed } = run(["long"]);
    assert.deepEqual({ code, passed, failed }, { code: 0, passed: LONG + 1, failed: 0 });
  });

  it("fail as a file that hangs, which names what it has begun and ends what it has started", async () => {
    const hanging = ["hanging", "leaving", "computing"];
    const { passed, failed, failures, output } = run([...hanging, "two"], "--at-once", "3", "--minutes", "0.15");
    assert.deepEqual({ passed, failed }, { passed: 7, failed: 4 });
    const [file, ...others] = failures.filter(({ name }) => name.endsWith(".test.mjs"));
    assert.match(file.name, /hanging\.test\.mjs$/);
    for (const { text } of [file, others[0]]) assert.match(text, /begun and not ended: waits for ever\n/);
    const started = Array.from(output.matchAll(/^ {4}started (\d+)$/gm), ([, pid]) => Number(pid));
    assert(started.length >= 2, output);
    for (const pid of started) assert(!runs(pid), `${pid} runs`);
  });

  it("fail as a file that defines none, unless only some were asked for", () => {
    const { code, passed, failed, failures } = run(["empty", "two"], "--at-once", "1");
    assert.deepEqual({ code, passed, failed }, { code: 1, passed: 6, failed: 2 });
    assert.match(failures[0].name, /empty\.test\.mjs$/);
    assert.match(failures[0].text, /it defines no test\n/);
    assert.equal(run(["empty"], "--only", "empty.test.mjs").failed, 1);
    const { code: ended, ...some } = run(["empty", "one"], "--only", "waits again");
    assert.deepEqual([ended, some.passed, some.failed], [0, 3, 0]);
  });

  it("fail as a file that cannot begin", () => {
    const { passed, failed, failures } = run(["broken"]);
    assert.deepEqual({ passed, failed }, { passed: 0, failed: 1 });
    assert.equal(failures[0].name, relative(root, join(folder, "broken.test.mjs")));
    assert.match(failures[0].text, /cannot begin/);
  });

  it("are those of one file when its path is asked for, as it is printed", () => {
    for (const path of ["two.test.mjs", relative(root, join(folder, "two.test.mjs"))]) {
      const { passed, failed, failures } = run(["one", "broken", "two"], "--only", path);
      assert.deepEqual({ passed, failed }, { passed: 6, failed: 1 });
      assert.match(failures[0].text, /two\.test\.mjs:14\n/);
    }
  });

  it("leave alone what they start", () => {
    const { passed, failed } = run(["starting"]);
    assert.deepEqual({ passed, failed }, { passed: 1, failed: 0 });
  });
});

describe("a program of a suite", () => {
  it("that hears no signal is ended, with what it started", async () => {
    const deaf = "trap '' TERM; (while :; do sleep 1; done) & echo $$ $!; wait";
    const limits = { nice: 0, timeout: 1_000, grace: 1_000, onOutput: () => {} };
    const { code, output } = await measure({ program: "sh", args: ["-c", deaf] }, limits);
    assert.notEqual(code, 0);
    const pids = output.match(/\d+ \d+/)[0].split(" ");
    for (const pid of pids) assert(!runs(Number(pid)), `${pid} runs`);
  });
});

describe("libtest's output", () => {
  it("is counted by its lines, with what the failed tests printed", () => {
    const { passed, failed, skipped, failures } = readLibtest(`
running 4 tests
test slot::serves ... ok
test slot::refuses ... FAILED
test slot::asks_again - should panic ... ok
test slot::takes_an_hour ... ignored

failures:

---- slot::refuses stdout ----
thread 'slot::refuses' panicked at tests/core/slot.rs:7:5:
assertion failed: left == right

failures:
    slot::refuses

test result: FAILED. 2 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s
`);
    assert.deepEqual({ passed, failed, skipped }, { passed: 2, failed: 1, skipped: 1 });
    assert.equal(failures.length, 1);
    assert.equal(failures[0].name, "slot::refuses");
    assert.match(failures[0].text, /slot\.rs:7:5:\nassertion failed/);
  });

  it("is counted as wasm-bindgen's runner writes it, too", () => {
    const { passed, failed, failures } = readLibtest(`
running 2 tests
test uploads::a_file_is_stored ... ok
test uploads::a_file_is_refused ... FAIL

failures:

---- uploads::a_file_is_refused output ----
    error output:
        panicked at tests/shell/uploads.rs:89:5

failures:

    uploads::a_file_is_refused

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 filtered out; finished in 0.20s
`);
    assert.deepEqual({ passed, failed }, { passed: 1, failed: 1 });
    assert.deepEqual(
      failures.map(({ name }) => name),
      ["uploads::a_file_is_refused"],
    );
  });
});
