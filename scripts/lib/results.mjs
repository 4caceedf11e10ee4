// What the output of a suite says: how many tests passed, failed and were skipped, and what went wrong in which.

/** @typedef {{ passed: number, failed: number, skipped: number, failures: { name: string, text: string }[] }} Result */

/** The lines of `scripts/lib/reporter.mjs`. @returns {Result} */
export function readNode(output) {
  const count = (mark) => output.match(new RegExp(`^${mark} `, "gm"))?.length ?? 0;
  const blocks = output.matchAll(/^✖ (.*) \(\d+ ms\).*\n(?: {4}.*\n)*/gm);
  const failures = Array.from(blocks, ([text, name]) => ({ name, text }));
  return { passed: count("✔"), failed: count("✖"), skipped: count("﹣"), failures };
}

/**
 * libtest, and wasm-bindgen's runner, which writes as it does: `test NAME ... ok` as each ends, and at the end of a
 * program what the failed ones printed. Only the closing line counts what a program that broke off has left.
 *
 * @returns {Result}
 */
export function readLibtest(output) {
  const count = (outcome) => output.match(new RegExp(`^test .* \\.\\.\\. ${outcome}`, "gm"))?.length ?? 0;
  const blocks = output.matchAll(/^---- (\S+).* ----\n[^]*?(?=\n---- |\nfailures:\n|\ntest result: )/gm);
  const failures = Array.from(blocks, ([text, name]) => ({ name, text: `${text.trimEnd()}\n` }));
  return { passed: count("ok"), failed: count("(?:FAILED|FAIL)"), skipped: count("(?:ignored|IGNORED)"), failures };
}
