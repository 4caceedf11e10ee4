// Plots as SVG, for a light and a dark page.

const WIDTH = 760;
const HEIGHT = 380;
const LEFT = 76;
const RIGHT = 150;
const TOP = 40;
const BOTTOM = 52;
// Told apart by those who see few colours as well (after Okabe and Ito).
const COLOURS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00"];

const STYLE = `text{font:12px system-ui,sans-serif;fill:#1f2328}.title{font-size:14px;font-weight:600}
.grid{stroke:#d0d7de;stroke-width:1}.line{fill:none;stroke-width:1.8}rect.page{fill:#fff}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.grid{stroke:#3d444d}rect.page{fill:#0d1117}}`;

/**
 * A line chart.
 *
 * @param {{ title: string, x: string, y: string, log?: boolean, series: { name: string, points: [number, number][], steps?: boolean }[] }} chart
 *   `x` and `y` are the axes' labels, with units.
 */
export function lines({ title, x, y, log = false, series }) {
  const all = series.flatMap(({ points }) => points);
  const mostX = Math.max(...all.map(([at]) => at));
  const mostY = Math.max(...all.map(([, value]) => value), 1);
  const ticks = log ? decades(mostY) : even(mostY);
  const top = ticks.at(-1);
  const placeX = (at) => LEFT + (at / mostX) * (WIDTH - LEFT - RIGHT);
  const share = (value) => (log ? Math.log10(Math.max(value, 1)) / Math.log10(top) : value / top);
  const placeY = (value) => HEIGHT - BOTTOM - share(value) * (HEIGHT - TOP - BOTTOM);
  const drawn = series.map(({ name, points, steps }, nth) => {
    const colour = COLOURS[nth % COLOURS.length];
    const path = points.map(([at, value], index) => {
      const [px, py] = [placeX(at).toFixed(1), placeY(value).toFixed(1)];
      return index === 0 ? `M${px} ${py}` : steps ? `H${px}V${py}` : `L${px} ${py}`;
    });
    const py = TOP + 14 + nth * 20;
    return (
      `<path class="line" stroke="${colour}" d="${path.join("")}"/>` +
      `<path class="line" stroke="${colour}" d="M${WIDTH - RIGHT + 12} ${py - 4}h18"/>` +
      `<text x="${WIDTH - RIGHT + 36}" y="${py}">${escape(name)}</text>`
    );
  });
  const grid = ticks.map(
    (value) =>
      `<path class="grid" d="M${LEFT} ${placeY(value).toFixed(1)}H${WIDTH - RIGHT}"/>` +
      `<text x="${LEFT - 8}" y="${(placeY(value) + 4).toFixed(1)}" text-anchor="end">${short(value)}</text>`,
  );
  const below = even(mostX)
    .filter((at) => at <= mostX)
    .map((at) => `<text x="${placeX(at).toFixed(1)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${at}</text>`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escape(title)}">`,
    `<style>${STYLE}</style><rect class="page" width="${WIDTH}" height="${HEIGHT}"/>`,
    `<text class="title" x="${LEFT}" y="22">${escape(title)}</text>`,
    ...grid,
    ...below,
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 12}" text-anchor="middle">${escape(x)}</text>`,
    `<text transform="translate(18 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${escape(y)}</text>`,
    ...drawn,
    "</svg>\n",
  ].join("\n");
}

/** 1, 10, 100, … up to the first that is not less than `most`. */
function decades(most) {
  const count = Math.max(1, Math.ceil(Math.log10(most)));
  return Array.from({ length: count + 1 }, (_, power) => 10 ** power);
}

/** Round figures from 0 to at least `most`, five steps or a few more. */
function even(most) {
  const power = 10 ** Math.floor(Math.log10(most / 5));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((step) => most / step <= 6);
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, nth) => Number((nth * step).toPrecision(6)));
}

function short(value) {
  if (value >= 1e6) return `${value / 1e6} M`;
  return value >= 1e4 ? `${value / 1e3} k` : String(value);
}

function escape(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");
}
