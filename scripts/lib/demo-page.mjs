// Reading the demo page as a person does. Functions of this file are carried into the page: they see nothing of here.

/**
 * What each lane shows.
 *
 * @returns {{ name: string, title: string, state: string, headline: string, figures: Record<string, string>, story: { at: string, text: string }[], files: { name: string, state: string, text: string }[] }[]}
 */
export function lanesOf() {
  return [...document.querySelectorAll("[data-lane]")].map((lane) => {
    const text = (selector) => lane.querySelector(selector).textContent;
    const rows = [...lane.querySelectorAll(".figures > div")];
    return {
      name: lane.dataset.lane,
      title: text("h2"),
      state: lane.dataset.state,
      headline: text("[data-role=headline]"),
      figures: Object.fromEntries(
        rows.map((row) => [row.querySelector("dt").textContent, row.querySelector("dd").textContent]),
      ),
      story: [...lane.querySelectorAll("[data-role=story] li")].map((line) => ({
        at: line.querySelector("time").textContent,
        text: line.querySelector("span").textContent,
      })),
      files: [...lane.querySelectorAll("[data-file]")].map((row) => ({
        name: row.dataset.file,
        state: row.dataset.state,
        text: row.querySelector(".state").textContent,
      })),
    };
  });
}
