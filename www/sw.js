// The network between a lane of the demo and its servers.
//
// The vendor's SDK insists on https://vod.<region>.aliyuncs.com and https://<bucket>.oss-<region>.aliyuncs.com. A service
// worker sees those requests before the network does, in an ordinary browser without flags, and sends them to the local
// cloud. Here, too, is what can be made to go wrong: for each lane alone, so that both meet the same fault.

// Not a module: Firefox takes those for a service worker only since lately.
importScripts("network/requests.js", "network/faults.js", "network/servers.js");

/** By client: what goes wrong for that page. */
const faults = new Map();

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("message", ({ data, source }) => {
  if (data?.type === "faults") faultsOf(source.id).set(data.faults);
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  const ours = url.origin === self.location.origin;
  if (ours ? url.pathname.startsWith("/api/") : url.hostname.endsWith(".aliyuncs.com")) {
    event.respondWith(carry(event, url, ours));
  }
});

function faultsOf(client) {
  if (!faults.has(client)) faults.set(client, new Faults());
  return faults.get(client);
}

/** Answers one request, and tells the page that made it what became of it. */
async function carry({ request, clientId }, url, ours) {
  const { method, headers, signal } = request;
  // As a whole, because a browser streams request bodies only over HTTP/2. A part is a megabyte.
  const body = method === "GET" || method === "HEAD" ? undefined : await request.blob();
  const about = { id: crypto.randomUUID(), ...(await subjectOf(url, method, body, ours)), bytes: body?.size ?? 0 };
  const tell = async (change) => {
    const client = await self.clients.get(clientId);
    client?.postMessage({ type: "request", ...about, at: Date.now(), ...change });
  };
  await tell({});
  const send = (lost) => reach(url, { method, headers, body, signal: AbortSignal.any([signal, lost]) });
  try {
    const answer = await faultsOf(clientId).answer(about, send, signal);
    const { status } = answer;
    if (status === 0) await tell({ ended: true });
    else if (answer.ok) await tell({ ended: true, status, expiresAt: await expirationIn(answer.clone(), about) });
    else await tell({ ended: true, status, code: refusalIn(await answer.clone().text()) });
    return answer;
  } catch {
    await tell({ ended: true });
    return Response.error();
  }
}
