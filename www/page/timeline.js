// Draws both lanes on one canvas, on one axis: seconds since the start.

const TITLE_HEIGHT = 24;
const BAR_HEIGHT = 20;
const THIN_HEIGHT = 7;
const GAP = 6;
const LANE_HEIGHT = TITLE_HEIGHT + BAR_HEIGHT + GAP + THIN_HEIGHT + 14;
const AXIS_HEIGHT = 22;
/** At first the axis is this long; it grows with the upload, up to the second, and then moves. */
const LEAST_MS = 14_000;
const MOST_MS = 120_000;

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
   * @param {{ title: string, lane: import("../lane/model.js").Lane }[]} lanes
   * @param {number | undefined} startedAt Where the axis begins, or `undefined` before a start.
   * @param {number} now Where it ends: the present, or the end of the last lane.
   */
  draw(lanes, startedAt, now) {
    const width = this.#canvas.clientWidth;
    const height = lanes.length * LANE_HEIGHT + AXIS_HEIGHT;
    const density = window.devicePixelRatio || 1;
    if (this.#canvas.width !== Math.round(width * density) || this.#canvas.height !== Math.round(height * density)) {
      this.#canvas.width = Math.round(width * density);
      this.#canvas.height = Math.round(height * density);
      this.#canvas.style.height = `${height}px`;
    }
    const context = this.#context;
    context.setTransform(density, 0, 0, density, 0, 0);
    context.clearRect(0, 0, width, height);

    const origin = startedAt ?? now;
    const length = Math.min(MOST_MS, Math.max(LEAST_MS, (now - origin) * 1.08));
    const first = Math.max(origin, now - length * 0.92);
    const colours = getComputedStyle(this.#canvas);
    const frame = {
      context,
      width,
      height,
      now,
      origin,
      first,
      length,
      colour: (name) => colours.getPropertyValue(`--${name}`),
      x: (time) => ((time - first) / length) * width,
    };
    drawAxis(frame);
    lanes.forEach(({ title, lane }, index) => drawLane(frame, title, lane, index * LANE_HEIGHT));
    if (startedAt !== undefined) drawNow(frame);
  }
}

function drawAxis({ context, width, height, origin, first, length, colour, x }) {
  const step = [1, 2, 5, 10, 30, 60].find((candidate) => (width * candidate * 1000) / length >= 56) ?? 60;
  context.font = "11px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "bottom";
  const from = Math.ceil((first - origin) / 1000 / step) * step;
  for (let second = from; second * 1000 <= first - origin + length; second += step) {
    const at = x(origin + second * 1000);
    context.fillStyle = colour("line");
    context.fillRect(Math.round(at), 0, 1, height - AXIS_HEIGHT + 4);
    context.fillStyle = colour("muted");
    if (at > 12 && at < width - 16) context.fillText(`${second} s`, at, height - 2);
  }
}

function drawLane(frame, title, lane, top) {
  const { context, colour, width } = frame;
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  context.font = "600 12px system-ui, sans-serif";
  context.fillStyle = colour("text");
  context.fillText(title, 2, top + 17, width - 4);
  const barTop = top + TITLE_HEIGHT;
  const end = lane.endedAt ?? frame.now;
  const thick = { top: barTop, height: BAR_HEIGHT, end };
  drawTrack(frame, lane.tracks.uploadAuth, thick, lane.endedAt === undefined);
  drawTrack(frame, lane.tracks.sts, { top: barTop + BAR_HEIGHT + GAP, height: THIN_HEIGHT, end }, false);
  if (lane.endedAt !== undefined || lane.hanging) drawEnd(frame, title, lane, barTop);
}

/**
 * @param place Where the track is, `{ top, height, end }`; what lies after the moment `end` is paler.
 * @param open Whether its last credential may still be shown as ended.
 */
function drawTrack(frame, { spans, marks }, place, open) {
  const { colour, context, now, x } = frame;
  const { top, height } = place;
  spans.forEach((credential, index) => {
    // A successor takes over when it arrives.
    const until = Math.min(credential.until, spans[index + 1]?.from ?? Infinity);
    const zones = ZONES.filter(([from]) => credential[from] !== undefined);
    zones.forEach(([from, zone], nth) => {
      const next = credential[zones[nth + 1]?.[0] ?? "until"];
      drawBar(frame, { from: credential[from], until: Math.min(next, until), zone }, place);
    });
    if (open && index === spans.length - 1 && now > credential.until)
      drawBar(frame, { from: credential.until, until: now, zone: "expired" }, place);
    context.fillStyle = colour("panel");
    context.fillRect(x(credential.from) - 1, top, 2, height);
  });
  if (height === BAR_HEIGHT) for (const mark of marks) drawMark(frame, mark, top);
}

function drawBar({ context, width, colour, x }, { from, until, zone }, { top, height, end }) {
  const [left, right] = [Math.max(0, x(from)), Math.min(width, x(until))];
  if (right <= left) return;
  context.fillStyle = colour(zone);
  // What is still to come, or came after the upload, is paler.
  const split = Math.min(right, Math.max(left, x(end)));
  context.fillRect(left, top, split - left, height);
  context.globalAlpha = 0.3;
  context.fillRect(split, top, right - split, height);
  context.globalAlpha = 1;
}

function drawMark({ context, colour, x }, { at, kind }, top) {
  const left = x(at);
  if (left < 0) return;
  if (kind === "refused") {
    context.strokeStyle = colour("margin");
    context.lineWidth = 2.5;
    context.beginPath();
    context.moveTo(left - 5, top + BAR_HEIGHT / 2 - 5);
    context.lineTo(left + 5, top + BAR_HEIGHT / 2 + 5);
    context.moveTo(left + 5, top + BAR_HEIGHT / 2 - 5);
    context.lineTo(left - 5, top + BAR_HEIGHT / 2 + 5);
    context.stroke();
    return;
  }
  context.fillStyle = colour("mark");
  context.beginPath();
  context.arc(left, top + BAR_HEIGHT / 2, 2.2, 0, 2 * Math.PI);
  context.fill();
}

/** What became of the upload, where it ended. */
function drawEnd({ context, colour, width, now, x }, title, lane, barTop) {
  const { state } = lane.headline(now);
  const text = { stored: "✓ stored", failed: "✕ failed", hangs: "… hangs", stopped: "stopped" }[state] ?? state;
  const at = x(lane.endedAt ?? now);
  context.fillStyle = colour(state === "stored" ? "accent" : "margin");
  context.fillRect(at - 1, barTop - 4, 2, BAR_HEIGHT + GAP + THIN_HEIGHT + 8);
  context.font = "600 12px system-ui, sans-serif";
  // Beside the lane's title, and on the canvas.
  const least = context.measureText(title).width + 12;
  const most = width - context.measureText(text).width - 2;
  context.textAlign = "left";
  context.fillText(text, Math.min(most, Math.max(least, at + 6)), barTop - 7);
}

function drawNow({ context, height, colour, now, x }) {
  context.fillStyle = colour("accent");
  context.fillRect(Math.round(x(now)) - 1, 0, 1, height - AXIS_HEIGHT + 4);
}
