// Medians and their spread: a mean would be moved by one pause of the machine.

/** `{ median, low, high }` of `values`; low and high are the quartiles. */
export function summary(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share) => sorted[Math.round((sorted.length - 1) * share)];
  return { median: at(0.5), low: at(0.25), high: at(0.75) };
}
