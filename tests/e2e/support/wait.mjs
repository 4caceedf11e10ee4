// Waiting for what happens in a page. Playwright asks with each frame unless it is told how often, and so keeps the
// browser drawing.

/** Resolves when `seen(arg)` holds in the page. */
export const until = (page, seen, arg) => page.waitForFunction(seen, arg, { polling: 50 });

/** Resolves when the page has heard of progress so often: once when a file begins, and once a part. */
export const progress = (page, least = 1) =>
  until(page, (least) => window.harness.calls.filter(({ name }) => name === "onUploadProgress").length >= least, least);
