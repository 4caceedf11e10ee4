// The event log: what both lanes and the page did, in words, without a secret.

const MOST_LINES = 400;

export class Journal {
  #list;
  #lines = [];

  constructor(list) {
    this.#list = list;
  }

  /**
   * Adds a line. `text` must hold no credential: callers pass codes, names and times only.
   *
   * @param {"documented" | "upload-token" | "page"} source Whose event it is.
   * @param {"" | "good" | "bad"} kind
   */
  add(source, text, kind = "") {
    const time = clock(new Date());
    this.#lines.push(`${time}  ${source.padEnd(12)}  ${text}`);
    const line = document.createElement("li");
    line.dataset.kind = kind;
    line.append(part("time", time), part("span", source, "source"), part("span", text, "text"));
    const atEnd = this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight < 30;
    this.#list.append(line);
    while (this.#list.children.length > MOST_LINES) this.#list.firstElementChild.remove();
    if (this.#lines.length > MOST_LINES) this.#lines.shift();
    if (atEnd) this.#list.scrollTop = this.#list.scrollHeight;
  }

  /** All of it as text. */
  text() {
    return this.#lines.join("\n");
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
