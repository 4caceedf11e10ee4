// The demo page: one file, two integrations of the vendor's SDK, the same network and the same faults.
import { openFrame } from "./lane/frame.js";
import { Lane } from "./lane/model.js";
import { LaneView } from "./lane/view.js";
import { config } from "./page/cloud.js";
import { filesOf, isMedia, sample } from "./page/files.js";
import { Journal } from "./page/journal.js";
import { SCENARIOS } from "./page/scenarios.js";
import { controlled } from "./page/service-worker.js";
import { Timeline } from "./page/timeline.js";

const NAMES = ["documented", "upload-token"];
const TITLES = { documented: "As the vendor documents it", "upload-token": "With upload-token" };
/** Lives and part delay until the visitor chooses others: an upload of 20 MB outlives several credentials. */
const FIRST_CONDITIONS = { stsLifeMs: 8000, uploadAuthLifeMs: 6000, partDelayMs: 1100 };
const SLEEP_MS = 8000;
const LOOK_MS = 250;
/** How often the timeline is drawn for a visitor who wants no motion. */
const STILL_MS = 1000;

const $ = (id) => document.getElementById(id);
const journal = new Journal($("journal"));
const timeline = new Timeline($("timeline"));
const controls = $("conditions").elements;

/** Of the run at hand, by name. */
const lanes = {};
const frames = {};
const views = Object.fromEntries(
  NAMES.map((name) => [
    name,
    new LaneView(document.querySelector(`[data-lane="${name}"]`), {
      cancel: (file) => cancel(name, file),
      retry: () => start([name]),
    }),
  ]),
);
let refusals = 0;
/** What a scenario still has to do. */
const plans = [];
/** Runs are begun one after the other, however fast the visitor presses. */
let begun = Promise.resolve();

main().catch((error) => {
  notice(String(error?.message ?? error), "error");
  throw error;
});

async function main() {
  await controlled();
  let conditions = await config();
  if (conditions.stsLifeMs === null && conditions.uploadAuthLifeMs === null)
    conditions = await config(FIRST_CONDITIONS);
  controls.sts.value = (conditions.stsLifeMs ?? 3_600_000) / 1000;
  controls.uploadAuth.value = (conditions.uploadAuthLifeMs ?? 3_000_000) / 1000;
  controls.part.value = conditions.partDelayMs / 1000;
  await fresh();
  await showCode();
  wire();
  setInterval(look, LOOK_MS);
  draw();
  notice("Ready. Press the button: within fifteen seconds you see what an ended credential does to each.");
  document.body.dataset.ready = "";
}

/** Two new documents with nothing in them. */
async function fresh() {
  for (const plan of plans.splice(0)) clearTimeout(plan);
  refusals = 0;
  await Promise.all(
    NAMES.map(async (name) => {
      frames[name]?.close();
      views[name].clear();
      const lane = new Lane(name, (sentence) => journal.add(name, sentence.text, sentence.kind));
      lanes[name] = lane;
      frames[name] = await openFrame(name, (report) => lanes[name] === lane && lane.take(report, Date.now()));
    }),
  );
  applyFaults();
}

function add(files) {
  const [taken, refused] = [files.filter(isMedia), files.filter((file) => !isMedia(file))];
  for (const file of taken) {
    for (const name of NAMES) {
      lanes[name].add(file);
      frames[name].add(file);
    }
  }
  if (refused.length > 0)
    notice(`Left out, because VOD takes videos and images: ${refused.map(({ name }) => name).join(", ")}.`);
  else if (taken.length > 0)
    notice(`${taken.length === 1 ? taken[0].name : `${taken.length} files`} in both lists. Press Start.`);
  look();
}

function start(names = NAMES) {
  const waiting = names.filter((name) =>
    [...lanes[name].files.values()].some(({ state }) => ["ready", "failed", "stopped", "uploading"].includes(state)),
  );
  if (waiting.length === 0) return notice("There is nothing to upload: choose files first, or let the page make one.");
  const now = Date.now();
  journal.add("page", waiting.length === NAMES.length ? "Start." : `Start: ${TITLES[waiting[0]].toLowerCase()}.`);
  notice("Started.");
  for (const name of waiting) lanes[name].start(now);
  for (const name of waiting) frames[name].start();
}

function stop() {
  for (const name of NAMES) {
    // The documented integration throws here while it waits for its first token.
    try {
      frames[name].stop();
    } catch (error) {
      lanes[name].take({ type: "uncaught", message: `stopUpload(): ${error.message}` }, Date.now());
    }
    lanes[name].stop(Date.now());
  }
  notice("Stopped. Start goes on.");
}

function cancel(name, file) {
  frames[name].cancel(file);
  lanes[name].cancel(file, Date.now());
}

function wire() {
  $("sample").addEventListener("click", () => inTurn(() => runSample(SCENARIOS[0])));
  $("start").addEventListener("click", () => start());
  $("stop").addEventListener("click", stop);
  $("clear").addEventListener("click", () =>
    inTurn(async () => {
      await fresh();
      notice("Both lists are empty.");
    }),
  );
  $("files").addEventListener("change", ({ target }) => {
    add([...target.files]);
    target.value = "";
  });
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.dataset.over = "";
  });
  document.addEventListener("dragleave", ({ relatedTarget }) => {
    if (relatedTarget === null) delete document.body.dataset.over;
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    delete document.body.dataset.over;
    void filesOf(event.dataTransfer).then(add);
  });
  $("conditions").addEventListener("change", ({ target }) => void applyCondition(target));
  $("conditions").addEventListener("submit", (event) => event.preventDefault());
  $("refuse").addEventListener("click", refuse);
  $("sleep").addEventListener("click", sleep);
  $("copy").addEventListener("click", () => void copy());
  for (const scenario of SCENARIOS.slice(1)) {
    const card = $("scenarios").appendChild(document.createElement("li"));
    const button = card.appendChild(document.createElement("button"));
    button.type = "button";
    button.textContent = scenario.name;
    card.appendChild(document.createElement("span")).textContent = scenario.about;
    button.addEventListener("click", () => inTurn(() => runSample(scenario)));
  }
}

function inTurn(action) {
  begun = begun.then(action).catch((error) => notice(String(error?.message ?? error), "error"));
}

/** Uploads a sample in both lanes, under the conditions of `scenario`. */
async function runSample({ name, set, then = [] }) {
  setControls({ appServer: "works", clock: "0", offline: false, ...set });
  await fresh();
  add([sample()]);
  journal.add("page", `${name}.`);
  start();
  for (const { after, set, press } of then) {
    plans.push(
      setTimeout(() => {
        if (press) $(press).click();
        if (set) setControls(set);
      }, after),
    );
  }
}

function setControls(values) {
  for (const [name, value] of Object.entries(values)) {
    const control = controls[name];
    const before = control.type === "checkbox" ? control.checked : control.value;
    if (control.type === "checkbox") control.checked = value;
    else control.value = value;
    if (before !== value && frames.documented) void applyCondition(control);
  }
}

async function applyCondition(control) {
  if (!$("conditions").reportValidity()) return;
  if (control.type === "number") {
    const ms = ({ valueAsNumber }) => Math.round(valueAsNumber * 1000);
    const { sts, uploadAuth, part } = controls;
    try {
      await config({ stsLifeMs: ms(sts), uploadAuthLifeMs: ms(uploadAuth), partDelayMs: ms(part) });
    } catch (error) {
      return notice(error.message, "error");
    }
  }
  applyFaults();
  const value = control.type === "checkbox" ? (control.checked ? "on" : "off") : control.value;
  const shown = control.selectedOptions?.[0].textContent ?? (control.type === "number" ? `${value} s` : value);
  journal.add("page", `${control.closest("label").firstElementChild.textContent}: ${shown}.`);
}

function applyFaults() {
  const plan = { appServer: controls.appServer.value, offline: controls.offline.checked, refusals };
  for (const name of NAMES) {
    frames[name].setFaults(plan);
    frames[name].setClock(Number(controls.clock.value));
  }
}

function refuse() {
  refusals++;
  applyFaults();
  journal.add("page", "OSS refuses the next part in both lanes, as if the credential had ended.");
}

/** Nothing of the page runs, as on a closed laptop; servers go on. */
function sleep() {
  journal.add("page", `The page sleeps for ${SLEEP_MS / 1000} s.`);
  notice(`Asleep for ${SLEEP_MS / 1000} s: nothing of this page runs.`);
  // After the browser has shown the sentence.
  setTimeout(() => {
    const until = performance.now() + SLEEP_MS;
    while (performance.now() < until);
    journal.add("page", "The page is awake again.");
    notice("Awake again.");
    for (const name of NAMES) frames[name].wake();
  }, 100);
}

/** Judges silence, shows figures, says how the lanes end; what they do meanwhile is in no live region. */
function look() {
  const now = Date.now();
  for (const name of NAMES) {
    lanes[name].look(now);
    views[name].show(lanes[name], now);
  }
  const ended = (name) => lanes[name].endedAt !== undefined || lanes[name].hanging;
  const judged = NAMES.filter((name) => ended(name) && lanes[name].headline(now).state !== "stopped");
  const sentences = judged.map((name) => `${TITLES[name]}: ${verdict(lanes[name], now)}`);
  if (judged.length > 0 && !NAMES.every(ended)) sentences.push("The other one goes on.");
  say("outcome", sentences.join(" "));
}

function verdict(lane, now) {
  const { text } = lane.headline(now);
  const { credentials, twice } = lane.figures;
  const sum = ` with ${credentials} UploadAuth${credentials === 1 ? "" : "s"}, ${twice === 0 ? "nothing" : `${twice} parts`} sent twice`;
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}${lane.headline(now).state === "stored" ? sum : ""}.`;
}

function draw() {
  const all = NAMES.map((name) => ({
    title: TITLES[name],
    lane: lanes[name],
  }));
  const starts = all.map(({ lane }) => lane.startedAt).filter((at) => at !== undefined);
  const open = all.some(({ lane }) => lane.startedAt !== undefined && lane.endedAt === undefined);
  const last = Math.max(...all.map(({ lane }) => lane.endedAt ?? 0));
  timeline.draw(
    all,
    starts.length > 0 ? Math.min(...starts) : undefined,
    open || starts.length === 0 ? Date.now() : last,
  );
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) setTimeout(draw, STILL_MS);
  else requestAnimationFrame(draw);
}

/** The code that runs in each lane, as it is. */
async function showCode() {
  for (const name of NAMES) {
    const answer = await fetch(`lane/integrations/${name}.js`);
    document.querySelector(`[data-lane="${name}"] code`).textContent = await answer.text();
  }
}

async function copy() {
  try {
    await navigator.clipboard.writeText(journal.text());
    notice("The log is copied.");
  } catch {
    getSelection().selectAllChildren($("journal"));
    notice("The log is selected: copy it with the keyboard.");
  }
}

/** Answers what the visitor did; nothing else takes the answer's place. */
function notice(text, kind = "") {
  $("notice").parentElement.dataset.kind = kind;
  say("notice", text);
}

/** In a live region, which is read aloud when its text changes. */
function say(id, text) {
  const element = $(id);
  if (element.textContent !== text) element.textContent = text;
}
