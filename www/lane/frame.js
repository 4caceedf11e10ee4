// A lane's document as a hidden frame, and what the page may ask of it.

/**
 * Opens a new document for the lane; resolves with what it offers (`add`, `start`, `stop`, `cancel`, `setFaults`, …)
 * and `close`.
 *
 * @param {"documented" | "upload-token"} name
 * @param {(report: { type: string }) => void} onReport Hears everything that its SDK, helper and network say.
 */
export function openFrame(name, onReport) {
  const frame = document.createElement("iframe");
  frame.hidden = true;
  frame.title = name;
  frame.src = `lane/index.html?lane=${name}`;
  frame.addEventListener("report", ({ detail }) => onReport(detail));
  return new Promise((done, fail) => {
    frame.addEventListener("ready", ({ detail }) => done({ ...detail, close: () => frame.remove() }), { once: true });
    frame.addEventListener("error", () => fail(new Error(`the document of ${name} did not load`)), { once: true });
    document.body.append(frame);
  });
}
