// The site: static files, and an AppServer behind it. Any web server does this.
import { createRequire } from "node:module";
import { dirname } from "node:path";

import express from "express";
import { createProxyMiddleware } from "http-proxy-middleware";

const target = process.env.APP_SERVER ?? "http://127.0.0.1:8787";
const { resolve } = createRequire(import.meta.url);
const SCRIPTS = [
  "ali-oss/dist/aliyun-oss-sdk.min.js",
  "aliyun-upload-vod/dist/aliyun-upload-vod.min.js",
  "upload-token/upload-token.global.js",
];

const site = express();
site.use(createProxyMiddleware({ target, pathFilter: ["/api", "/__cloud"] }));
for (const script of SCRIPTS) site.use("/vendor", express.static(dirname(resolve(script))));
site.use(express.static("public"));
site.listen(Number(process.env.PORT ?? 8080), "127.0.0.1", function () {
  console.log(`http://127.0.0.1:${this.address().port}/`);
});
