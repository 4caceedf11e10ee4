// A lane on the page.
import { bytes, seconds } from "./words.js";

const STORY_LINES = 60;
const WORDS = {
  ready: "ready",
  uploading: "uploading",
  stored: "stored",
  failed: "failed",
  canceled: "canceled",
  stopped: "stopped",
};

/** Shows a {@link import("./model.js").Lane} in its `<article>`. */
export class LaneView {
  #root;
  #rows = new Map();
  #told = 0;
  #actions;

  /**
   * @param {HTMLElement} root
   * @param {{ cancel(file: File): void, retry(): void }} actions
   */
  constructor(root, actions) {
    this.#root = root;
    this.#actions = actions;
  }

  #find(role) {
    return this.#root.querySelector(`[data-role="${role}"]`);
  }

  /** Forgets what it showed. */
  clear() {
    this.#rows.clear();
    this.#told = 0;
    this.#find("files").replaceChildren();
    this.#find("story").replaceChildren();
  }

  /** @param {import("./model.js").Lane} lane */
  show(lane, now) {
    const { state, text } = lane.headline(now);
    this.#root.dataset.state = state;
    write(this.#find("headline"), text);
    for (const [name, figure] of Object.entries(lane.figures)) {
      const element = this.#find(name);
      if (!element) continue;
      write(element, lane.startedAt === undefined ? "–" : String(figure));
      element.parentElement.toggleAttribute("data-bad", figure > 0 && element.parentElement.hasAttribute("data-zero"));
    }
    for (const [file, entry] of lane.files) this.#showFile(lane, file, entry, now);
    for (; this.#told < lane.story.length; this.#told++) this.#tell(lane, lane.story[this.#told]);
  }

  #tell(lane, { at, text, kind }) {
    const list = this.#find("story");
    const line = list.appendChild(element("li", ""));
    line.dataset.kind = kind;
    line.append(element("time", seconds(Math.max(0, at - (lane.startedAt ?? at)))), element("span", text));
    while (list.children.length > STORY_LINES) list.firstElementChild.remove();
    list.scrollTop = list.scrollHeight;
  }

  #showFile(lane, file, { state, share, detail }, now) {
    const row = this.#rows.get(file) ?? this.#addRow(file);
    row.root.dataset.state = state;
    row.bar.value = share;
    const speed = state === "uploading" ? lane.speed(file, now) : undefined;
    const percent = state === "uploading" ? ` ${Math.floor(share * 100)} %` : "";
    const pace = speed ? ` · ${bytes(speed.rate)}/s · ${Math.ceil(speed.left)} s left` : "";
    write(row.state, WORDS[state] + (detail ? `: ${detail}` : percent + pace));
    row.cancel.hidden = !["ready", "uploading", "stopped"].includes(state);
    row.retry.hidden = state !== "failed";
  }

  #addRow(file) {
    const root = element("li", "");
    root.dataset.file = file.name;
    const bar = element("progress", "");
    bar.max = 1;
    bar.setAttribute("aria-label", `${file.name}, ${this.#root.dataset.lane}`);
    const cancel = button("Cancel", file, () => this.#actions.cancel(file));
    const retry = button("Try again", file, () => this.#actions.retry());
    const state = element("span", "", "state");
    root.append(element("span", `${file.name} (${bytes(file.size)})`, "name"), state, cancel, retry, bar);
    this.#find("files").append(root);
    const row = { root, bar, state, cancel, retry };
    this.#rows.set(file, row);
    return row;
  }
}

function button(text, file, onClick) {
  const made = element("button", text);
  made.type = "button";
  made.setAttribute("aria-label", `${text}: ${file.name}`);
  made.addEventListener("click", onClick);
  return made;
}

function element(tag, text, name) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (name) made.className = name;
  return made;
}

/** Writes only what has changed: a screen reader and a selection stay where they are. */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
