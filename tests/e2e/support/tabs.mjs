// The page of the tests of upload-token/tabs: `make()` makes its manager, `ask()` resolves with a token's id or a code. The
// package's own functions are there as well.
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { www } from "./site.mjs";

const PAGE = `<!doctype html><title>tabs</title><script type="module">
import { createTokenManager } from "/dist/index.js";
import { sharedSource } from "/dist/tabs.js";
Object.assign(globalThis, { createTokenManager, sharedSource });
globalThis.make = (options = {}, { source = "/api/sts", deadline } = {}) => {
  globalThis.tokens?.close();
  globalThis.tokens = createTokenManager({ source: sharedSource(source, { name: "user", ...options }), deadline });
};
globalThis.ask = () => tokens.getToken().then(({ accessKeyId }) => accessKeyId, ({ code }) => code);
make();
</script>`;

/** Writes it where {@link www} is served, as `/tabs.html`: as a whole, for another process may be serving it. */
export async function writeTabsPage() {
  await mkdir(www, { recursive: true });
  const made = join(www, `tabs.html.${process.pid}`);
  await writeFile(made, PAGE);
  await rename(made, join(www, "tabs.html"));
}
