// Where the requests of the lanes go: `npm start` serves the AppServer and the local cloud beside the page.

/**
 * Sends a request of a lane to who answers it.
 *
 * @param {URL} url As the page asked.
 * @param {RequestInit} init
 */
function reach(url, init) {
  const ours = url.origin === self.location.origin;
  const target = ours ? url.href : `/__cloud/${url.host}${url.pathname}${url.search}`;
  const credentials = ours ? "same-origin" : "omit";
  return fetch(target, { ...init, credentials, cache: "no-store", redirect: "error" });
}
