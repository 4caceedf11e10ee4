// AppServers of Express and Koa, as their samples are written.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import { startCloud } from "../../../localcloud/tests/cloud.mjs";
import { install } from "./install.mjs";
import { failureOf, withManager } from "./manager.mjs";
import { startNode } from "./programs/node.mjs";

let cloud;

before(async () => {
  await install();
  cloud = await startCloud();
});

after(() => cloud?.stop());

for (const framework of ["express", "express-4", "koa"]) {
  describe(framework, () => {
    let server;
    let sts;

    before(async () => {
      server = await startNode(framework, () => sts);
    });
    after(() => server?.close());

    const fresh = async () => {
      await cloud.reset();
      sts = cloud.sts;
      server.asked.length = 0;
    };

    test("the vendor's sample", async () => {
      await fresh();
      await withManager({ source: `${server.url}/sts` }, async (tokens, warnings) => {
        const { accessKeyId } = await tokens.getToken();
        assert.match(accessKeyId, /^STS\./);
        assert(tokens.status().validFor > 3_500_000, "its Expiration is read");
        assert.deepEqual(warnings, []);
      });
    });

    test("answers 400 to a hiccup between it and STS, whose next answer is a token", async () => {
      await fresh();
      // Nobody listens there.
      sts = "http://127.0.0.1:9";
      await withManager({ source: `${server.url}/sts` }, async (tokens) => {
        tokens.on("refreshFailed", () => (sts = cloud.sts));
        assert.match((await tokens.getToken()).accessKeyId, /^STS\./);
      });
      assert.equal(server.asked.length, 2);
    });

    for (const path of ["/sts", "/sts-code"]) {
      test(`${path}: answers 400 because STS never will, and says so in words: told at once`, async () => {
        await fresh();
        await cloud.plan({ service: "sts", status: 403, code: "NoPermission", times: -1 });
        const error = await failureOf(`${server.url}${path}`);
        assert.deepEqual([error.code, error.status, error.serverCode], ["http", 400, "NoPermission"]);
        assert.match(error.serverMessage, /[a-z]/);
        assert.equal(server.asked.length, 1);
      });
    }

    for (const path of ["/cached", "/cached-seconds"]) {
      test(`${path.slice(1)}: a token that it keeps, and says nothing readable of its end, is served on`, async () => {
        await fresh();
        const options = { source: `${server.url}${path}`, policy: { assumedLife: 1000 } };
        await withManager(options, async (tokens) => {
          const first = await tokens.getToken();
          await delay(1300);
          assert.equal((await tokens.getToken()).accessKeyId, first.accessKeyId);
        });
      });
    }

    test("names of its own for the three fields are read, and said to be guessed", async () => {
      await fresh();
      await withManager({ source: `${server.url}/short-names` }, async (tokens, warnings) => {
        assert.match((await tokens.getToken()).accessKeyId, /^STS\./);
        assert(
          warnings.some((warning) => warning.includes("guess")),
          warnings.join(", "),
        );
      });
    });

    test("a refusal inside HTTP 200 ends after one more try, with the sentence that its user should read", async () => {
      await fresh();
      const error = await failureOf(`${server.url}/refused`);
      assert.deepEqual([error.code, error.serverCode], ["http", "1001"]);
      assert.equal(error.serverMessage, "Your plan has no uploads left");
      assert(!error.message.includes("plan"), error.message);
      assert(server.asked.length <= 2, server.asked.join(", "));
    });

    test("a session that ended, inside HTTP 200", async () => {
      await fresh();
      const error = await failureOf(`${server.url}/signed-out`);
      assert.deepEqual([error.code, error.serverMessage], ["unauthenticated", "please sign in"]);
      assert.equal(server.asked.length, 1);
    });

    test("an endpoint that answers GET only: the error says that POST was asked, and what to write", async () => {
      await fresh();
      const error = await failureOf(`${server.url}/get-only`);
      assert.equal(error.code, "http");
      assert.equal(error.status, framework === "koa" ? 405 : 404);
      assert.match(error.message, /POST .*\/get-only answered 40[45]/);
      assert.match(error.message, /source: \(\{ signal \}\) => fetch\(/);
      assert.equal(server.asked.length, 1);
      const source = ({ signal }) => fetch(`${server.url}/get-only`, { signal });
      await withManager({ source }, async (tokens) => assert.match((await tokens.getToken()).accessKeyId, /^STS\./));
    });

    test("its own fault is tried again, and is nobody's sign-in", async () => {
      await fresh();
      await withManager({ source: `${server.url}/broken` }, async (tokens) => {
        const waiting = tokens.getToken().catch((error) => error.code);
        const told = [];
        await new Promise((resolve) => {
          tokens.on("refreshFailed", ({ error }) => told.push([error.code, error.status]) === 3 && resolve());
        });
        tokens.close();
        assert.deepEqual(told, Array(3).fill(["http", 500]));
        assert.equal(await waiting, "closed");
      });
      assert(server.asked.length > 2);
    });
  });
}
