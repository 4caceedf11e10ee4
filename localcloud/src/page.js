// The local cloud for a page in an ordinary browser, without flags:
//
//   <script src="/__cloud/page.js"></script>
//
// where the page's own server hands `/__cloud/` on to the cloud. The vendor's SDKs insist on the addresses of Alibaba
// Cloud. In the page this script installs itself as a service worker; there it sees those requests before the network
// does, and sends them here.
if ("document" in globalThis) install(document.currentScript.src);
else standIn();

async function install(script) {
  const registration = await navigator.serviceWorker.register(script, { scope: "/" });
  // A page that was reloaded by force has none.
  registration.active?.postMessage("claim");
}

function standIn() {
  const claim = (event) => event.waitUntil(clients.claim());
  addEventListener("install", () => skipWaiting());
  addEventListener("activate", claim);
  addEventListener("message", claim);
  addEventListener("fetch", (event) => {
    const { hostname } = new URL(event.request.url);
    if (hostname.endsWith(".aliyuncs.com")) event.respondWith(forward(event.request));
  });
}

async function forward(request) {
  const { method, headers, signal } = request;
  const { host, pathname, search } = new URL(request.url);
  // As a whole: browsers stream the body of a request over HTTP/2 only.
  const body = method === "GET" || method === "HEAD" ? undefined : await request.blob();
  const init = { method, headers, body, signal, credentials: "omit", cache: "no-store", redirect: "error" };
  return fetch(`/__cloud/${host}${pathname}${search}`, init);
}
