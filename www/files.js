// The list of files and their progress.

const STATES = {
  ready: "ready",
  uploading: "uploading",
  done: "done",
  failed: "failed",
  canceled: "canceled",
  stopped: "stopped",
};

export class FileList {
  #list;
  #rows = new Map();
  #onCancel;

  /** @param onCancel Called with the file whose cancel button was pressed. */
  constructor(list, onCancel) {
    this.#list = list;
    this.#onCancel = onCancel;
  }

  add(file) {
    const row = document.createElement("li");
    row.dataset.file = file.name;
    const name = document.createElement("span");
    name.className = "name";
    name.textContent = `${file.name} (${size(file.size)})`;
    const state = document.createElement("span");
    state.className = "state";
    const cancel = document.createElement("button");
    cancel.type = "button";
    cancel.textContent = "Cancel";
    cancel.setAttribute("aria-label", `Cancel ${file.name}`);
    cancel.addEventListener("click", () => this.#onCancel(file));
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", file.name);
    row.append(name, state, cancel, bar);
    this.#list.append(row);
    this.#rows.set(file, { row, state, bar, cancel });
    this.set(file, "ready");
  }

  /** @param {keyof typeof STATES} state @param detail Added to the state's word. */
  set(file, state, detail = "") {
    const entry = this.#rows.get(file);
    if (!entry) return;
    entry.row.dataset.state = state;
    entry.state.textContent = detail ? `${STATES[state]}: ${detail}` : STATES[state];
    entry.cancel.hidden = state === "done" || state === "failed" || state === "canceled";
  }

  /** @param {number} share From 0 to 1. */
  progress(file, share) {
    const entry = this.#rows.get(file);
    if (!entry) return;
    entry.bar.value = share;
    this.set(file, "uploading", `${Math.floor(share * 100)} %`);
  }

  clear() {
    this.#rows.clear();
    this.#list.replaceChildren();
  }
}

function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
