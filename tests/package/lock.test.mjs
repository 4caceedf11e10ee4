// `npm test -- package` runs this: what two commands would install at once is installed once, and nobody waits for the dead.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";

import { exclusively } from "../../scripts/lib/lock.mjs";
import { root } from "./packed.mjs";

describe("a lock", () => {
  const name = `lock-test-${process.pid}`;
  const cache = join(root, ".cache");
  const lock = join(cache, `${name}.lock`);
  const children = [];
  let folder;
  before(() => mkdirSync(cache, { recursive: true }));
  before(() => (folder = mkdtempSync(join(tmpdir(), "upload-token-lock-"))));
  after(() => rmSync(folder, { recursive: true }));
  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
    for (const file of readdirSync(cache)) if (file.startsWith(name)) rmSync(join(cache, file));
  });

  /** A process that does `work` under the lock; `said(text)` waits until it has printed that. */
  function other(work) {
    const text = `
      import { appendFileSync } from "node:fs";
      import { setTimeout as sleep } from "node:timers/promises";
      import { exclusively } from "./scripts/lib/lock.mjs";
      await exclusively(${JSON.stringify(name)}, async () => { ${work} });`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", text], { cwd: root });
    children.push(child);
    const ended = once(child, "close").then(([code]) => code);
    let output = "";
    const heard = (stream) => stream.setEncoding("utf8").on("data", (text) => (output += text));
    heard(child.stdout);
    heard(child.stderr);
    const said = async (text) => {
      while (!output.includes(text)) {
        const one = await Promise.race([ended, once(child.stdout, "data"), once(child.stderr, "data")]);
        assert(typeof one === "object" || output.includes(text), `it ended with ${one}: ${output}`);
      }
      return output;
    };
    return { child, ended, said };
  }

  const HOLDS = 'console.log("in"); await sleep(60_000);';

  it("is waited for, and says what to do if nobody has it", { timeout: 60_000 }, async () => {
    let release;
    const held = exclusively(name, () => new Promise((resolve) => (release = resolve)));
    const waiting = other("");
    const output = await waiting.said("waiting for");
    assert.match(output, new RegExp(`process ${process.pid}, .* remove \\.cache/${name}\\.lock if `));
    release();
    await held;
    assert.equal(await waiting.ended, 0);
    assert(!existsSync(lock));
  });

  it("of a process that was killed is taken", { timeout: 60_000 }, async () => {
    const holder = other(HOLDS);
    await holder.said("in");
    holder.child.kill("SIGKILL");
    await holder.ended;
    assert(existsSync(lock));
    assert.equal(await exclusively(name, () => "done"), "done");
  });

  it("of a process whose number another has is taken", { timeout: 60_000 }, async () => {
    const holder = other(HOLDS);
    await holder.said("in");
    const [pid, begun, nth] = JSON.parse(readFileSync(lock, "utf8"));
    assert.equal(pid, holder.child.pid);
    rmSync(lock);
    writeFileSync(lock, JSON.stringify([pid, `${begun}0`, nth]));
    assert.equal(await exclusively(name, () => "done"), "done");
    for (const held of [[process.pid, "", 0], process.pid]) {
      writeFileSync(lock, JSON.stringify(held));
      // Its other name is one that this process would give.
      for (let nth = 0; nth < 50; nth++) linkSync(lock, `${lock}.${process.pid}.${nth}`);
      assert.equal(await exclusively(name, () => "done"), "done");
      for (let nth = 0; nth < 50; nth++) rmSync(`${lock}.${process.pid}.${nth}`, { force: true });
    }
  });

  it("is had by one after the other within a process, too", { timeout: 60_000 }, async () => {
    const log = [];
    const work = async () => {
      log.push("in");
      await new Promise(setImmediate);
      log.push("out");
    };
    await Promise.all([1, 2, 3].map(() => exclusively(name, work)));
    assert.deepEqual(log, ["in", "out", "in", "out", "in", "out"]);
  });

  it("that a person removed, and another has by now, stays the other's", { timeout: 60_000 }, async () => {
    let another;
    await exclusively(name, async () => {
      rmSync(lock);
      another = other(HOLDS);
      await another.said("in");
    });
    assert.equal(JSON.parse(readFileSync(lock, "utf8"))[0], another.child.pid);
  });

  it("of the dead is taken by one of many who find it", { timeout: 60_000 }, async () => {
    const holder = other(HOLDS);
    await holder.said("in");
    const log = join(folder, "log");
    const file = JSON.stringify(log);
    const many = [1, 2, 3, 4].map(() =>
      other(`appendFileSync(${file}, "in "); await sleep(50); appendFileSync(${file}, "out ");`),
    );
    await Promise.all(many.map(({ said }) => said("waiting for")));
    holder.child.kill("SIGKILL");
    assert.deepEqual(await Promise.all(many.map(({ ended }) => ended)), [0, 0, 0, 0]);
    assert.equal(readFileSync(log, "utf8"), "in out ".repeat(4));
  });
});
