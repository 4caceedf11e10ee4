// The event log: what the helper, the SDK and the page did, in words, without a secret.

const MOST_LINES = 400;

export class Journal {
  #list;

  constructor(list) {
    this.#list = list;
  }

  /**
   * Adds a line. `text` must hold no credential: callers pass codes, names and times only.
   *
   * @param {"helper" | "SDK" | "page"} source Whose event it is.
   * @param {"" | "good" | "bad"} kind
   */
  add(source, text, kind = "") {
    const line = document.createElement("li");
    line.dataset.kind = kind;
    line.append(part("time", clock(new Date())), part("span", source, "source"), part("span", text, "text"));
    const atEnd = this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight < 30;
    this.#list.append(line);
    while (this.#list.children.length > MOST_LINES) this.#list.firstElementChild.remove();
    if (atEnd) this.#list.scrollTop = this.#list.scrollHeight;
  }
}

function part(tag, text, name) {
  const element = document.createElement(tag);
  element.textContent = text;
  if (name) element.className = name;
  return element;
}

function clock(date) {
  const two = (number) => String(number).padStart(2, "0");
  const tenths = Math.floor(date.getMilliseconds() / 100);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${tenths}`;
}
