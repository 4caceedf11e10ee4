// The Node builds of ali-oss, each in a process of its own: some tests set the clock of their process.
import { join } from "node:path";
import { PassThrough } from "node:stream";

import { root } from "../../../scripts/lib/run.mjs";
import { createOssClient, ossOptions } from "../../../dist/ali-oss.js";
import { createTokenManager, isUploadTokenError } from "../../../dist/index.js";
import { agentFor, BUCKET } from "./cloud.mjs";
import * as scenarios from "./page/scenarios.js";
import { suite } from "./suite.mjs";

const library = { createOssClient, createTokenManager, isUploadTokenError, ossOptions };

/**
 * Defines the suite for one class of ali-oss.
 *
 * @param old - `kinds` of ours that can serve it, and `large`, which makes what it takes for an upload in parts.
 */
export function inNode(name, Client, options = {}, { kinds, large } = {}) {
  const start = (cloud) => {
    const { port } = new URL(cloud.http);
    const endpoint = `http://oss-cn-shanghai.aliyuncs.com:${port}`;
    const base = { bucket: BUCKET, region: "oss-cn-shanghai", endpoint, agent: agentFor(cloud.http), ...options };
    const file = join(root, ".cache/e2e", `read-${process.pid}`);
    const source = `${cloud.http}/api/sts`;
    const stream = () => new PassThrough({ autoDestroy: false }).resume();
    const body = (bytes) => Buffer.from(bytes);
    const world = { OSS: Client, body, large: large ?? body, base, library, source, file, stream };
    return {
      browser: false,
      run: (scenario, args) => scenarios[scenario](world, args),
      stop: () => base.agent.destroy(),
    };
  };
  suite(name, start, kinds);
}
