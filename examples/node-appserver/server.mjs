// A site of static files that is its own AppServer.
import { createRequire } from "node:module";
import { dirname } from "node:path";

import express from "express";
import { createProxyMiddleware } from "http-proxy-middleware";

import { sts } from "./sts.mjs";

const { LOCAL_CLOUD, PORT = 8080 } = process.env;
const { resolve } = createRequire(import.meta.url);
const SCRIPTS = [
  "ali-oss/dist/aliyun-oss-sdk.min.js",
  "aliyun-upload-vod/dist/aliyun-upload-vod.min.js",
  "upload-token/upload-token.global.js",
];

const site = express();
site.post("/api/sts", sts);
for (const script of SCRIPTS) site.use("/vendor", express.static(dirname(resolve(script))));
site.use(express.static("public"));
if (LOCAL_CLOUD) site.use(createProxyMiddleware({ target: LOCAL_CLOUD, pathFilter: "/__cloud" }));
site.listen(Number(PORT), "127.0.0.1", function () {
  console.log(`http://127.0.0.1:${this.address().port}/`);
});
