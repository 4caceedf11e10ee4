// Sends what the page asks of Alibaba Cloud to the local cloud on this machine.
//
// The vendor's SDK insists on https://vod.<region>.aliyuncs.com and https://<bucket>.oss-<region>.aliyuncs.com.
// A service worker sees those requests before the network does, in an ordinary browser without flags.

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (url.hostname.endsWith(".aliyuncs.com")) event.respondWith(forward(event.request, url));
});

async function forward(request, url) {
  const { method, headers, signal } = request;
  // As a whole, because a browser streams request bodies only over HTTP/2. A part is a megabyte.
  const body = method === "GET" || method === "HEAD" ? undefined : await request.blob();
  const init = { method, headers, body, signal, cache: "no-store", redirect: "error" };
  return fetch(`/__cloud/${url.host}${url.pathname}${url.search}`, init);
}
