import { defineConfig } from "vite";

// The AppServer checks that the page is of its own origin, so the page's host goes with each request.
const appServer = { target: process.env.APP_SERVER ?? "http://127.0.0.1:8787", changeOrigin: false };

export default defineConfig({
  server: { host: "127.0.0.1", proxy: { "/api": appServer, "/__cloud": appServer } },
});
