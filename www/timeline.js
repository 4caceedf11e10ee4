// Draws lanes on a canvas: time runs to the right, "now" stays where it is.

const LANE_HEIGHT = 58;
const LABEL_HEIGHT = 22;
const BAR_HEIGHT = 22;
const AXIS_HEIGHT = 22;
/** Where "now" stands, as a share of the width: the rest is the future that credentials reach into. */
const NOW = 0.68;

/** The zones of a span, in the order of time: its member at which the zone starts, and the colour's name. */
const ZONES = [
  ["from", "valid"],
  ["advisory", "advisory"],
  ["mandatory", "mandatory"],
  ["margin", "margin"],
];

/** A canvas that shows the lanes it was last given. */
export class Timeline {
  #canvas;
  #context;

  constructor(canvas) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d");
  }

  /**
   * @param {import("./lanes.js").Lane[]} lanes
   * @param {number} seconds How much time the width shows.
   */
  draw(lanes, seconds, now = Date.now()) {
    const width = this.#canvas.clientWidth;
    const height = Math.max(1, lanes.length) * LANE_HEIGHT + AXIS_HEIGHT;
    const density = window.devicePixelRatio || 1;
    if (this.#canvas.width !== Math.round(width * density) || this.#canvas.height !== Math.round(height * density)) {
      this.#canvas.width = Math.round(width * density);
      this.#canvas.height = Math.round(height * density);
      this.#canvas.style.height = `${height}px`;
    }
    const context = this.#context;
    context.setTransform(density, 0, 0, density, 0, 0);
    context.clearRect(0, 0, width, height);

    const colours = getComputedStyle(this.#canvas);
    const frame = {
      context,
      width,
      height,
      now,
      colour: (name) => colours.getPropertyValue(`--${name}`),
      x: (time) => width * NOW + ((time - now) / 1000 / seconds) * width,
    };
    drawAxis(frame, seconds);
    lanes.forEach((lane, index) => drawLane(frame, lane, index * LANE_HEIGHT));
    drawNow(frame);
  }
}

function drawAxis({ context, width, height, now, colour, x }, seconds) {
  const step = [1, 2, 5, 10, 30, 60, 300, 900, 3600].find((candidate) => (width * candidate) / seconds >= 64) ?? 7200;
  context.font = "11px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "bottom";
  for (let offset = -Math.floor((seconds * NOW) / step) * step; offset <= seconds * (1 - NOW); offset += step) {
    const at = x(now + offset * 1000);
    context.fillStyle = colour("line");
    context.fillRect(Math.round(at), 0, 1, height - AXIS_HEIGHT + 4);
    context.fillStyle = colour("muted");
    if (at > 20 && at < width - 20) context.fillText(offset === 0 ? "now" : span(offset), at, height - 2);
  }
}

function span(seconds) {
  const size = Math.abs(seconds);
  const text = size < 120 ? `${size} s` : `${Math.round(size / 60)} min`;
  return seconds < 0 ? `−${text}` : `+${text}`;
}

function drawLane(frame, lane, top) {
  const { context, width, now, colour, x } = frame;
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  context.font = "600 12px system-ui, sans-serif";
  context.fillStyle = colour("text");
  context.fillText(lane.name, 2, top + 16, width - 4);

  const barTop = top + LABEL_HEIGHT;
  lane.spans.forEach((credential, index) => {
    // A successor takes over when it arrives: what is left of the older one is drawn as a thin line.
    const end = Math.min(credential.until, lane.spans[index + 1]?.from ?? Infinity);
    ZONES.forEach(([from, zone], place) => {
      const until = credential[ZONES[place + 1]?.[0] ?? "until"];
      bar(frame, credential[from], Math.min(until, end), barTop, BAR_HEIGHT, zone);
      bar(frame, Math.max(credential[from], end), until, barTop + BAR_HEIGHT - 3, 3, zone);
    });
    const next = lane.spans[index + 1];
    if (!next && !lane.finished && now > credential.until)
      bar(frame, credential.until, now, barTop, BAR_HEIGHT, "expired");
    context.fillStyle = colour("panel");
    context.fillRect(x(credential.from) - 1, barTop, 2, BAR_HEIGHT);
  });
  for (const mark of lane.marks) drawMark(frame, mark, barTop);
}

function bar({ context, width, now, colour, x }, from, until, top, height, zone) {
  const [left, right] = [Math.max(0, x(from)), Math.min(width, x(until))];
  if (right <= left) return;
  context.fillStyle = colour(zone);
  // What is still to come is paler.
  const split = Math.min(right, Math.max(left, x(now)));
  context.fillRect(left, top, split - left, height);
  context.globalAlpha = 0.38;
  context.fillRect(split, top, right - split, height);
  context.globalAlpha = 1;
}

function drawMark({ context, colour, x }, { at, kind }, top) {
  const left = x(at);
  if (left < 0) return;
  if (kind === "refused") {
    context.strokeStyle = colour("margin");
    context.lineWidth = 2;
    context.beginPath();
    context.moveTo(left - 4, top - 5);
    context.lineTo(left + 4, top + 3);
    context.moveTo(left + 4, top - 5);
    context.lineTo(left - 4, top + 3);
    context.stroke();
    return;
  }
  context.fillStyle = colour("mark");
  context.beginPath();
  context.arc(left, top + BAR_HEIGHT / 2, 2.2, 0, 2 * Math.PI);
  context.fill();
}

function drawNow({ context, width, height, colour }) {
  context.fillStyle = colour("accent");
  context.fillRect(Math.round(width * NOW) - 1, 0, 2, height - AXIS_HEIGHT + 4);
}
