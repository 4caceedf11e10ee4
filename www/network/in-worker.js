// Where the requests of the lanes go if there is no server: `npm run site` puts this in the place of servers.js.
//
// The local cloud runs in this worker, in memory. A browser ends a worker that has nothing to do, and with it what the
// cloud knew; while the page is open its lanes call every few seconds, which keeps the worker.

importScripts("local-cloud/local_cloud.js", "network/app-server.js");

/** The cloud and the AppServer, once they run. */
let running;

self.addEventListener("fetch", (event) => {
  const { url, method } = event.request;
  const { origin, pathname } = new URL(url);
  if (origin !== self.location.origin || !pathname.startsWith("/__control/")) return;
  const headers = event.request.headers;
  event.respondWith(
    (async () => {
      const body = method === "GET" ? undefined : await event.request.blob();
      return (await servers()).ask(url, { method, headers, body });
    })(),
  );
});

function servers() {
  running ??= start().catch((error) => {
    // One failed load must not be the last.
    running = undefined;
    throw error;
  });
  return running;
}

async function start() {
  await wasm_bindgen({ module_or_path: new URL("local-cloud/local_cloud_bg.wasm", self.location) });
  const key = { id: "LTAI5tKeyOfThisPage", secret: crypto.randomUUID() };
  const cloud = new wasm_bindgen.Cloud([`${key.id}:${key.secret}`]);
  const ask = (url, init) => exchange(cloud, url, init);
  return { ask, appServer: new AppServer(ask, key, cloud.roleArn) };
}

/** One request to the cloud; rejects if `signal` fires first, and what was not carried out then never is. */
async function exchange(cloud, url, { method, headers, body, signal }) {
  const bytes = new Uint8Array((await body?.arrayBuffer()) ?? 0);
  signal?.throwIfAborted();
  const request = cloud.begin(method, url, [...new Headers(headers)].flat(), bytes);
  const cancel = () => request.cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    return await request.answer;
  } finally {
    signal?.removeEventListener("abort", cancel);
    request.free();
  }
}

/**
 * Sends a request of a lane to who answers it.
 *
 * @param {URL} url As the page asked.
 * @param {RequestInit} init
 */
async function reach(url, init) {
  const { ask, appServer } = await servers();
  if (url.origin !== self.location.origin) return ask(url.href, init);
  if (url.pathname === "/api/sts") return appServer.answer(init);
  return new Response(undefined, { status: 404 });
}
