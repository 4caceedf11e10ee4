// Getting the page under its service worker.

/** Resolves once the worker answers for this page's requests. */
export async function controlled() {
  const container = navigator.serviceWorker;
  if (!container) throw new Error("This browser has no service workers here: open the page at 127.0.0.1 or localhost.");
  const claimed = new Promise((settle) => container.addEventListener("controllerchange", settle, { once: true }));
  await container.register(new URL("../sw.js", import.meta.url));
  const registration = await container.ready;
  if (container.controller) return;
  // Reloading with the shift key keeps a worker that is already active away from the page.
  if (registration.active?.state === "activated") return location.reload();
  await claimed;
}
