// The Node builds of ali-oss.
import OSS from "ali-oss";
import OSS617 from "ali-oss-6.17";

import { createOssClient, ossOptions } from "../../../dist/ali-oss.js";
import { createTokenManager, isUploadTokenError } from "../../../dist/index.js";
import { agentFor, BUCKET } from "./cloud.mjs";
import * as scenarios from "./page/scenarios.js";
import { suite } from "./suite.mjs";

const library = { createOssClient, createTokenManager, isUploadTokenError, ossOptions };

for (const [name, Client, options] of [
  ["6.23.0, Node, V1", OSS, {}],
  ["6.23.0, Node, V4", OSS, { authorizationV4: true }],
  ["6.17.1, Node, V1", OSS617, {}],
]) {
  suite(name, (cloud) => {
    const { port } = new URL(cloud.http);
    const endpoint = `http://oss-cn-shanghai.aliyuncs.com:${port}`;
    const base = { bucket: BUCKET, region: "oss-cn-shanghai", endpoint, agent: agentFor(cloud.http), ...options };
    const world = { OSS: Client, body: (bytes) => Buffer.from(bytes), base, library, source: `${cloud.http}/api/sts` };
    return {
      browser: false,
      run: (scenario, args) => scenarios[scenario](world, args),
      stop: () => base.agent.destroy(),
    };
  });
}
