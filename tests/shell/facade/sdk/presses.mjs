// A page that presses buttons at random over the real SDK, while OSS and the AppServer fail at random, by a seed.
import assert from "node:assert/strict";

import { fileOf, sleep, uploads } from "./uploads.mjs";

const REFUSALS = [
  { action: "UploadPart", status: 403, code: "SecurityTokenExpired" },
  { action: "UploadPart", status: 403, code: "InvalidSecurityToken" },
  { action: "UploadPart", status: 404, code: "NoSuchUpload" },
  { action: "UploadPart", silent: true },
  { status: 403, code: "AccessDenied" },
  { status: 403, code: "SecurityTokenExpired" },
];

/** What a page does, by the name of the button. `row` is one of the list, `id` the same to the store. */
const BUTTONS = {
  start: ({ uploader }) => uploader.startUpload(),
  stop: ({ uploader }) => uploader.stopUpload(),
  restart: ({ uploader }) => (uploader.stopUpload(), uploader.startUpload()),
  cancel: ({ uploader }, { row }) => uploader.cancelFile(row),
  delete: ({ uploader }, { row }) => uploader.deleteFile(row),
  resume: ({ uploader }, { row }) => uploader.resumeFile(row),
  again: ({ uploader }, { row }) => (uploader.cancelFile(row), uploader.resumeFile(row), uploader.startUpload()),
  retry: ({ store }, { id }) => store.retry(id),
  remove: ({ store }, { id }) => store.remove(id),
  clean: ({ uploader }) => uploader.cleanList(),
  add: ({ uploader }, { file }) => (uploader.addFile(file), uploader.startUpload()),
  reverse: ({ uploader }) => uploader.listFiles().reverse(),
  take: ({ uploader }, { row }) => uploader.listFiles().splice(row, 1),
  sort: ({ uploader }) => uploader.listFiles().sort((one, other) => one.file.size - other.file.size),
};

const CALLBACKS = ["onUploadstarted", "onUploadSucceed", "onUploadFailed", "onUploadCanceled", "onUploadEnd"];

/** Runs one seed; fails with what happened. */
export async function press(seed) {
  const random = generator(seed);
  const int = (least, most) => least + Math.floor(random() * (most - least + 1));
  const pick = (list) => list[int(0, list.length - 1)];
  const trace = [];
  let failing = 0;
  let quiet = false;
  let files = 0;

  const button = (run) => {
    const name = pick(Object.keys(BUTTONS));
    const row = int(0, Math.max(0, run.uploader.listFiles().length - 1));
    const id = run.store.getSnapshot().files[row]?.id ?? 1;
    trace.push(`>> ${name} ${run.uploader.listFiles()[row]?.file.name}`);
    BUTTONS[name](run, { row, id, file: fileOf(`n${++files}`, pick([0.5, 2, 3])) });
  };
  const busy =
    random() < 0.5 ? { name: pick(CALLBACKS), left: int(1, 3), ms: pick([undefined, 0, 20, 120]) } : undefined;
  const on = {};
  for (const name of CALLBACKS) {
    on[name] = (info, run) => {
      trace.push(`${name} ${info?.file.name ?? ""}`);
      if (quiet || busy?.name !== name || busy.left-- <= 0) return;
      if (busy.ms === undefined) button(run);
      else void sleep(busy.ms).then(() => quiet || button(run));
    };
  }
  const cloud = { partMs: pick([3, 10, 40]), authMs: () => pick([2, 30, 120]), random };
  const run = uploads({ cloud, on, parallel: int(1, 3), deadline: 1500 });
  run.cloud.refuse = () => failing-- > 0;
  for (let n = int(1, 4); n > 0; n--) run.uploader.addFile(fileOf(`f${n}`, pick([0.5, 2, 3, 5])));
  run.start();
  for (let n = int(3, 9); n > 0; n--) {
    await sleep(int(3, 200));
    const dice = random();
    if (dice < 0.2) {
      const fault = { ...pick(REFUSALS), times: int(1, 2) };
      trace.push(`>> ${JSON.stringify(fault)}`);
      run.cloud.faults.push(fault);
    } else if (dice < 0.3) failing = int(1, 3);
    else button(run);
  }

  // All is well from here on: what is left is stored.
  [run.cloud.faults.length, failing, quiet] = [0, 0, true];
  trace.push("all is well");
  try {
    await settle(run);
    run.uploader.addFile(fileOf("last"));
    await settle(run);
    assert.equal(run.states().last, "Success");
    const pressed = (names) => trace.some((line) => names.includes(line.split(" ")[1]) && line.startsWith(">>"));
    check(run, {
      // What is under way at a stop, or a cancellation, is sent once more.
      once: !pressed(["stop", "restart", "clean", "again", "cancel"]),
      // To a file that was taken out of the list the SDK does not come again.
      listed: !pressed(["take"]),
    });
  } catch (error) {
    error.message = `seed ${seed}: ${error.message}\n${JSON.stringify(run.states())} ${run.uploader._state}\n${trace.join("\n")}`;
    throw error;
  }
  run.uploader.dispose();
}

/** Starts as often as a person would, and again where the machine was too busy for a file's deadline. */
async function settle({ uploader, until, told }) {
  const left = () => uploader.listFiles().filter(({ state }) => state !== "Success" && state !== "Canceled");
  for (let tries = 0, late = 0; tries < 3 && late < 20;) {
    const before = told.length;
    uploader.startUpload();
    const isAtRest = () => !["Start", "Expire"].includes(uploader._state) || left().length === 0;
    await until(isAtRest, "the uploader rests");
    if (left().length === 0) return;
    if (told.slice(before).some((line) => line.endsWith(" timeout"))) late++;
    else tries++;
  }
  assert.fail("not all files are stored");
}

function check({ uploader, told, cloud }, { once, listed }) {
  for (const { state, object, file } of uploader.listFiles()) {
    if (state !== "Success") continue;
    const stored = cloud.objects.get(object);
    assert.equal(stored?.size, file.size, `what is stored of ${file.name}`);
    assert.equal(told.filter((line) => line === `Succeed ${file.name}`).length, 1, `${file.name} is told of`);
  }
  for (const { times } of cloud.objects.values()) assert.ok(times === 1 || !once, "an object is stored once");
  const own = listed ? /sdk_error|upload_stalled|wasm/ : /upload_stalled|wasm/;
  for (const line of told) assert.doesNotMatch(line, own);
}

/** Mulberry32. */
function generator(seed) {
  let state = (seed * 0x9e3779b1) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
