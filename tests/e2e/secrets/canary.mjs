// A credential that cannot be mistaken for anything else, and the search for it, or for any part of it.

/** Fixed, so that a failure can be read; long enough for a part of it to be unmistakable. */
export const CANARY = {
  AccessKeyId: "STS.NVcanaryIdIsNoSecret",
  AccessKeySecret: "Zq7mXw3VbN9tRk5LpY2sHd8fJc4gQe6uTa1iWo0K",
  SecurityToken: "CAIS9vG2rB7xM4nP0kD6wS3yF8hJ5tL1qZcUeAoIbVmXgYpRsNdKfHjTlWzQ==",
};

/** Shorter parts could be there by chance. */
const PART = 10;

/** How text is often disguised on its way to a log. */
const FORMS = {
  "as it is": (text) => text,
  "in base64": (text) => btoa(text),
  "in base64, one further": (text) => btoa(` ${text}`).slice(4),
  "in base64, two further": (text) => btoa(`  ${text}`).slice(4),
  "in hexadecimal": (text) => [...text].map((char) => char.charCodeAt(0).toString(16)).join(""),
  backwards: (text) => [...text].reverse().join(""),
  "as an address": encodeURIComponent,
};

const parts = new Map();
for (const name of ["AccessKeySecret", "SecurityToken"]) {
  for (const [form, disguise] of Object.entries(FORMS)) {
    const text = disguise(CANARY[name]);
    for (let at = 0; at + PART <= text.length; at++) {
      parts.set(text.slice(at, at + PART).toLowerCase(), `${name} ${form}`);
    }
  }
}

/** What of the canary `text` holds, such as `"SecurityToken in base64"`; `undefined` if nothing. */
export function findCanary(text) {
  const lower = text.toLowerCase();
  for (let at = 0; at + PART <= lower.length; at++) {
    const found = parts.get(lower.slice(at, at + PART));
    if (found) return found;
  }
  return undefined;
}
