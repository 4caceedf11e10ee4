// Sends the canary through a manager on every path, and collects all that a page could print or keep of it. Runs in a
// page and in Node, so it imports nothing.

/** Everything reachable from `value`, as texts: own members of any kind, the causes of errors, the texts of both. */
export function texts(value, seen = new Set()) {
  if (typeof value !== "object" && typeof value !== "function") return [String(value)];
  if (value === null || seen.has(value)) return [];
  seen.add(value);
  const found = [Object.prototype.toString.call(value)];
  if (value instanceof Error) found.push(String(value), String(value.stack));
  found.push(JSON.stringify(value) ?? "");
  for (const key of Reflect.ownKeys(value)) {
    found.push(String(key), ...texts(value[key], seen));
  }
  return found;
}

/**
 * The paths of a token's life, each a function from `createTokenManager` and an address of the AppServer to what a page
 * saw. The token itself is the page's: it is not in what they return. `good` says that the AppServer brings one.
 */
export async function walk(createTokenManager, address, { good = false, ...options } = {}) {
  const seen = [];
  // What fails is waited for to its end; what brings a token may have a busy machine before it.
  const [deadline, waitDeadline] = good ? [1500, 3000] : [100, 200];
  const tokens = createTokenManager({
    source: address,
    deadline,
    policy: { waitDeadline, backoffBase: 10, throttleBase: 10, pullIn: 0, hold: 0 },
    ...options,
  });
  for (const event of ["token", "refreshFailed", "expired", "rejected", "state", "warning"]) {
    tokens.on(event, (detail) => seen.push(event, ...texts(detail)));
  }
  const see = () => seen.push(...texts(tokens.status()), ...texts(tokens), `${tokens}`);
  const failed = (error) => seen.push("failed", ...texts(error));
  // Timers of a manager do not keep Node alive.
  const alive = setInterval(() => {}, 1000);
  try {
    see();
    const token = await tokens.getToken().catch(failed);
    see();
    if (token?.accessKeyId) {
      tokens.invalidate(token, "SecurityTokenExpired");
      see();
      await tokens.getToken({ minValidity: 500 }).catch(failed);
      tokens.prefetch("other");
      await tokens.getToken({ scope: "other", signal: AbortSignal.timeout(200) }).catch(failed);
      await tokens.getToken({ minValidity: 12 * 3_600_000 }).catch(failed);
    }
    const last = tokens.getToken({ scope: "last" }).catch(failed);
    tokens.close();
    await last;
    see();
    await tokens.getToken().catch(failed);
  } finally {
    clearInterval(alive);
  }
  return seen;
}

/** What a page keeps: storages, databases, caches, cookies, addresses, timings, the document, and its globals. */
export async function kept() {
  const found = [];
  for (const storage of [localStorage, sessionStorage]) found.push(JSON.stringify({ ...storage }));
  for (const { name } of await indexedDB.databases()) found.push(name, ...(await records(name)));
  for (const name of (await globalThis.caches?.keys()) ?? []) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) found.push(name, request.url, await (await cache.match(request)).text());
  }
  found.push(document.cookie, location.href, document.referrer, JSON.stringify(history.state), window.name);
  found.push(document.documentElement.outerHTML);
  found.push(...performance.getEntries().map(({ name }) => name));
  const own = Object.keys(globalThis).filter((key) => !(key in seenBefore));
  for (const key of own) found.push(key, ...texts(globalThis[key]));
  return found;
}

/** The globals of an empty page. */
const seenBefore = Object.fromEntries(Object.keys(globalThis).map((key) => [key, true]));

async function records(name) {
  const settled = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  const database = await settled(indexedDB.open(name));
  const found = [];
  for (const store of database.objectStoreNames) {
    found.push(store, JSON.stringify(await settled(database.transaction(store).objectStore(store).getAll())));
  }
  database.close();
  return found;
}
