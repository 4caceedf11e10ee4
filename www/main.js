// The demo page: wires the helper and the vendor's SDK to what the page shows.
import { createTokenManager } from "/dist/index.js";
import { createVodUploader } from "/dist/vod.js";

import { config, figures, requests, setFaults } from "./cloud.js";
import { FileList } from "./files.js";
import { Journal } from "./journal.js";
import { Lane } from "./lanes.js";
import { controlled } from "./service-worker.js";
import { Timeline } from "./timeline.js";

const REGION = "cn-shanghai";
/** Lives and part delay until the visitor chooses others: an upload of 20 MB outlives several credentials. */
const FIRST_CONDITIONS = { stsLifeMs: 8000, uploadAuthLifeMs: 6000, partDelayMs: 2500 };
const POLL_MS = 400;

const $ = (id) => document.getElementById(id);
const journal = new Journal($("journal"));
const timeline = new Timeline($("timeline"));
const tokenLane = new Lane("STS token");
/** By file. */
const uploadLanes = new Map();
const files = new FileList($("list"), cancel);

let conditions;
let tokens;
let uploader;

start().catch((error) => {
  notice(String(error?.message ?? error), "error");
  throw error;
});

async function start() {
  await controlled();
  conditions = await config();
  if (conditions.stsLifeMs === null && conditions.uploadAuthLifeMs === null)
    conditions = await config(FIRST_CONDITIONS);
  showConditions();

  // These two calls are all that a page of your own needs.
  tokens = createTokenManager({ source: "/api/sts" });
  uploader = createVodUploader(window.AliyunUpload.Vod, tokens, {
    region: REGION,
    userId: "1303984639806000",
    onUploadstarted: ({ file }) => {
      files.progress(file, 0);
      journal.add("SDK", `${file.name}: started`);
    },
    onUploadProgress: ({ file }, _total, share) => files.progress(file, share),
    onUploadSucceed: ({ file }) => {
      files.progress(file, 1);
      files.set(file, "done");
      finish(file);
      journal.add("SDK", `${file.name}: complete`, "good");
    },
    onUploadFailed: ({ file }, code) => {
      finish(file);
      files.set(file, "failed", String(code));
      journal.add("SDK", `${file.name}: failed with ${code}; Start tries again`, "bad");
    },
    onUploadCanceled: ({ file }) => {
      files.set(file, "canceled");
      finish(file);
    },
    onUploadEnd: () => journal.add("SDK", "the queue is empty"),
    onTokenEvent: tell,
  });
  listen();
  wire();

  setInterval(() => void poll(), POLL_MS);
  requestAnimationFrame(draw);
  notice("Ready. Choose files and press Start; the tokens they need live for a few seconds.");
  document.body.dataset.ready = "";
}

const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

function listen() {
  tokens.on("token", ({ generation, expiresAt }) => {
    tokenLane.take(tokens.status());
    journal.add("helper", `STS token ${generation}, valid for ${seconds(expiresAt - Date.now())}`, "good");
  });
  tokens.on("refreshFailed", (event) => journal.add("helper", `STS token: ${failure(event)}`, "bad"));
  tokens.on("expired", ({ generation }) =>
    journal.add("helper", `STS token ${generation} ended without a successor`, "bad"),
  );
  tokens.on("rejected", ({ generation }) =>
    journal.add("helper", `STS token ${generation} was refused by a server`, "bad"),
  );
  tokens.on("warning", ({ warning }) => journal.add("helper", `warning: ${warning}`));
}

/** What happens to a file's UploadAuth, in words. */
function tell(event) {
  if (event.type === "diagnostic") return journal.add("helper", event.message);
  const { info, type, generation } = event;
  const { name } = info.file;
  const lane = uploadLanes.get(info.file) ?? new Lane(`UploadAuth of ${name}`);
  uploadLanes.set(info.file, lane);
  lane.finished = false;
  if (type === "refreshFailed") return journal.add("helper", `${name}: UploadAuth: ${failure(event)}`, "bad");
  lane.take(event);
  const which = `${name}: UploadAuth ${generation}`;
  const [text, kind] = {
    token: [`${which}, valid for ${seconds(event.expiresAt - Date.now())}`, "good"],
    started: [`${which} starts the upload`],
    swapped: [`${which} put into the running upload`],
    resumed: [`${which} resumes the upload`],
    expired: [`${which} ended without a successor`, "bad"],
    rejected: [`${which} was refused by OSS`, "bad"],
  }[type];
  journal.add("helper", text, kind);
}

function failure({ error, failures, retryIn, usable }) {
  const next = retryIn === undefined ? "the next call tries again" : `next try in ${seconds(retryIn)}`;
  const effect = usable ? "the one in hand still works" : "none in hand works";
  return `refresh failed (${error.code}, ${failures} in a row); ${effect}; ${next}`;
}

function finish(file) {
  const lane = uploadLanes.get(file);
  if (lane) lane.finished = true;
}

function wire() {
  $("files").addEventListener("change", ({ target }) => {
    [...target.files].forEach(add);
    target.value = "";
  });
  const drop = $("drop");
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    [...event.dataTransfer.files].forEach(add);
  });
  $("sample").addEventListener("click", () => add(sample()));
  $("start").addEventListener("click", () => {
    journal.add("page", "start");
    uploader.startUpload();
  });
  $("stop").addEventListener("click", () => {
    journal.add("page", "stop");
    uploader.stopUpload();
  });
  $("clear").addEventListener("click", () => {
    uploader.stopUpload();
    uploader.cleanList();
    files.clear();
    uploadLanes.clear();
  });
  $("settings").addEventListener("change", () => void applyConditions());
  $("settings").addEventListener("submit", (event) => event.preventDefault());
}

function add(file) {
  files.add(file);
  uploader.addFile(file, null, null, null, JSON.stringify({ Vod: { Title: file.name } }));
}

/** A file that is different each time, so that nothing is resumed by mistake. */
function sample() {
  const block = crypto.getRandomValues(new Uint8Array(65_536));
  const blocks = Array.from({ length: 320 }, () => block);
  return new File(blocks, `sample-${Date.now() % 100_000}.mp4`, { type: "video/mp4" });
}

function cancel(file) {
  const index = uploader.listFiles().findIndex((info) => info.file === file);
  if (index >= 0) uploader.cancelFile(index);
}

function showConditions() {
  const { sts, uploadAuth, part } = $("settings").elements;
  sts.value = (conditions.stsLifeMs ?? 3_600_000) / 1000;
  uploadAuth.value = (conditions.uploadAuthLifeMs ?? 3_000_000) / 1000;
  part.value = conditions.partDelayMs / 1000;
}

async function applyConditions() {
  const form = $("settings");
  if (!form.reportValidity()) return;
  const { sts, uploadAuth, part, fault } = form.elements;
  try {
    conditions = await config({
      stsLifeMs: Math.round(sts.valueAsNumber * 1000),
      uploadAuthLifeMs: Math.round(uploadAuth.valueAsNumber * 1000),
      partDelayMs: Math.round(part.valueAsNumber * 1000),
    });
    await setFaults(fault.value);
    const wrong = fault.selectedOptions[0].textContent;
    journal.add("page", `STS token ${sts.value} s, UploadAuth ${uploadAuth.value} s, part ${part.value} s. ${wrong}.`);
  } catch (error) {
    notice(error.message, "error");
  }
}

async function poll() {
  let log;
  try {
    log = await requests();
  } catch {
    notice("The local cloud does not answer: is `npm start` still running?", "error");
    return;
  }
  const counted = figures(log);
  for (const [name, figure] of Object.entries(counted)) {
    const output = $(`figure-${name}`);
    output.textContent = String(figure);
    output.parentElement.toggleAttribute("data-bad", figure > 0 && output.parentElement.classList.contains("zero"));
  }
  for (const lane of lanes()) lane.mark(log);
  showLanes(lanes());
}

function lanes() {
  return [tokenLane, ...uploadLanes.values()];
}

function draw() {
  const life = Math.max(conditions.stsLifeMs ?? 3_600_000, conditions.uploadAuthLifeMs ?? 3_000_000) / 1000;
  timeline.draw(lanes(), Math.min(7200, Math.max(20, 3.2 * life)));
  requestAnimationFrame(draw);
}

/** The same as the canvas, in words. */
function showLanes(all) {
  const list = $("lanes");
  while (list.children.length > 2 * all.length) list.lastElementChild.remove();
  all.forEach((lane, index) => {
    const term = list.children[2 * index] ?? list.appendChild(document.createElement("dt"));
    const detail = list.children[2 * index + 1] ?? list.appendChild(document.createElement("dd"));
    term.textContent = lane.name;
    detail.textContent = lane.describe();
  });
}

function notice(text, kind = "") {
  const element = $("notice");
  element.dataset.kind = kind;
  if (element.textContent !== text) element.textContent = text;
}
