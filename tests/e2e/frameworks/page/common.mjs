// What the pages of both frameworks have in common: an SDK that counts, and what the tests read of a component.

import { sharedSource } from "../../../../dist/tabs.js";

export const userId = "1303984639806000";

/** Every uploader of the SDK that was made, weakly. */
const made = [];

export class Vod extends globalThis.AliyunUpload.Vod {
  constructor(options) {
    super(options);
    made.push(new WeakRef(this));
  }
}

/** Listeners of the window that are there. */
const listeners = new Set();
const key = (type, listener) => `${type} ${(listener.id ??= crypto.randomUUID())}`;
const { addEventListener, removeEventListener } = window;
window.addEventListener = function (type, listener, ...rest) {
  listeners.add(key(type, listener));
  return addEventListener.call(this, type, listener, ...rest);
};
window.removeEventListener = function (type, listener, ...rest) {
  listeners.delete(key(type, listener));
  return removeEventListener.call(this, type, listener, ...rest);
};

/** What callbacks were called with: `[label, name of the file]`. */
const called = [];

/** Options as a component makes them anew at each render; `label` says which render's callbacks were called. */
export const options = ({ label = "", ...given }) => ({
  userId,
  partSize: 102_400,
  parallel: 1,
  onUploadSucceed: (info) => called.push([label, info.file.name]),
  ...given,
});

/** A function as the source, which asks the AppServer and says which render's it is. */
export const asking = (label) => () => {
  called.push(["source", label]);
  return fetch("/api/sts", { method: "POST" });
};

/** The same, shared with other tabs: another one at each render. */
export const shared = (label) => sharedSource(asking(label), { name: "user" });

/** Channels to other tabs that are open. */
const channels = new Set();
globalThis.BroadcastChannel = class extends BroadcastChannel {
  constructor(name) {
    super(name);
    channels.add(this);
  }
  close() {
    super.close();
    channels.delete(this);
  }
};

/** What a server renders of the components of {@link text}. */
export const SERVED = "<p>empty, 0 files, no uploader</p>";
export const text = (status, files, uploader) =>
  `${status.state}, ${files.length} files, ${uploader ? "an" : "no"} uploader`;

/** What a framework says of what it takes up from a server. */
const complaints = [];
export const complain = (...words) => void complaints.push(words.map(String).join(" "));
Object.assign(console, { error: complain, warn: complain });

/** How the component's state went, each step once. */
const history = [];

/** Called with what the hooks returned, at each render. */
export function rendered(state) {
  globalThis.app.state = state;
  for (const { name, state: file, share, speed, timeLeft } of state.files) {
    const step = JSON.stringify([name, file, Math.round(share * 100), speed > 0, timeLeft >= 0]);
    if (history.at(-1) !== step) history.push(step);
  }
}

export const tests = {
  add: (name, size) =>
    app.state.add(new File([new Uint8Array(size).map((_, at) => at * 31)], name, { lastModified: 1 })),
  call: (method, ...args) => void app.state[method](...args),
  /** What can be sent to the test. */
  seen: () => ({
    files: app.state.files.map(({ info, error, ...file }) => ({
      ...file,
      ...(error && { error: { code: error.code, cause: error.cause?.name } }),
    })),
    active: app.state.active,
    loadError: app.state.loadError && String(app.state.loadError.message),
    status: app.state.status.state,
    text: document.querySelector("ul")?.textContent,
    called,
    history: history.map((step) => JSON.parse(step)),
    made: made.length,
    listeners: listeners.size,
    channels: channels.size,
    complaints,
  }),
  /** How many of the uploaders that were made are still there, once no more than `most` are, or they stay. */
  async alive(most) {
    const count = () => made.filter((ref) => ref.deref()).length;
    for (let round = 0; round < 100 && (round < 5 || count() > most); round++) {
      globalThis.gc();
      await new Promise((done) => setTimeout(done, 50));
    }
    return count();
  },
};
