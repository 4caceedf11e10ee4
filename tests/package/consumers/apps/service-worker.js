// A service worker: uploads what its pages put to /upload/NAME.
import { createTokenManager } from "ENTRY";
import { put } from "./put.js";

const tokens = createTokenManager({ source: new URL("/api/sts", location.href) });

globalThis.addEventListener("install", () => globalThis.skipWaiting());
globalThis.addEventListener("activate", (event) => event.waitUntil(globalThis.clients.claim()));
globalThis.addEventListener("fetch", (event) => {
  const name = /\/upload\/([\w.-]+)$/.exec(event.request.url)?.[1];
  if (!name) return;
  const bucket = "https://web-upload-app.oss-cn-shanghai.aliyuncs.com";
  const upload = async () => put(tokens, bucket, name, new Uint8Array(await event.request.arrayBuffer()));
  event.respondWith(
    upload().then(
      (status) => new Response(String(status)),
      (error) => new Response(String(error), { status: 500 }),
    ),
  );
});
