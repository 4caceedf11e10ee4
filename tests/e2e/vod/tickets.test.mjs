// `npm test -- e2e` runs this folder.
//
// Uploads in UploadAuth mode while their AppServers are restarted, multiplied and given other keys: what says whose a
// video is travels with the upload.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { figures } from "../support/figures.mjs";
import { PART } from "../support/parts.mjs";
import { openSite } from "../support/site.mjs";

const OLD_KEY = "0123456789abcdef0123456789abcdef";
const NEW_KEY = "fedcba9876543210fedcba9876543210";

describe("tickets", () => {
  let site;
  before(async () => (site = await openSite()));
  after(() => site?.close());

  /** AppServers behind one address: `turn` says which one a request reaches. */
  class Instances {
    running = [];
    asked = 0;
    user = "alice";

    constructor(turn = (count) => count % this.running.length) {
      this.turn = turn;
    }

    async add(env) {
      this.running.push(await site.instance(env));
      return this;
    }

    /** All of them end, and others with `env` take their place. */
    async restart(env) {
      const ended = this.running.splice(0);
      await Promise.all(ended.map((server) => server.stop()));
      for (const _ of ended) await this.add(env);
    }

    async ask(body) {
      const server = this.running[this.turn(this.asked++)];
      const headers = { "content-type": "application/json", "x-user": this.user };
      const response = await fetch(`${server.http}/api/upload-auth`, { method: "POST", headers, body });
      return [response.status, await response.text()];
    }

    stop() {
      return Promise.all(this.running.map((server) => server.stop()));
    }
  }

  /** A page whose UploadAuths come from `instances`. */
  async function open(instances) {
    const page = await site.open();
    await page.exposeFunction("askInstances", (body) => instances.ask(body));
    return page;
  }

  /** Begins to upload a file of the same bytes whenever it is called. */
  const begin = (page) =>
    page.evaluate(async (size) => {
      const uploadAuth = async ({ signal, ...request }) => {
        const [status, body] = await window.askInstances(JSON.stringify(request));
        return new Response(body, { status, headers: { "content-type": "application/json" } });
      };
      const { wasm } = await import("/dist/index.js");
      window.harness.ours({ tokens: null, parallel: 1, uploadAuth, wasm });
      const sum = await window.harness.add("a.mp4", size);
      window.harness.start();
      return sum;
    }, 6 * PART);

  const ended = (page) => page.evaluate(() => window.harness.ended(["a.mp4"], 120_000));

  /** Waits until the cloud has stored so many parts, which an upload that has failed never does. */
  async function parts(page, count) {
    for (;;) {
      const log = await site.log();
      if (log.filter(({ action, status }) => action === "UploadPart" && status === 200).length >= count) return;
      const { ends } = await page.evaluate(() => window.harness.report(["a.mp4"]));
      assert.deepEqual(ends["a.mp4"], [], `the file ended before part ${count}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async function assertStoredOnce(sum) {
    const [log, objects] = await Promise.all([site.log(), site.objects()]);
    const seen = figures(log);
    assert.equal(seen.created, 1, "one VideoId");
    assert.deepEqual(seen.sentTwice, []);
    assert.equal(objects.filter(({ sha256 }) => sha256 === sum).length, 1);
    return seen;
  }

  // Lives that end several times while the file is sent.
  const config = { uploadAuthLifeMs: 8000, partDelayMs: 3500 };

  test("a restart in mid-upload", async () => {
    await site.reset({ config });
    const instances = await new Instances().add();
    const page = await open(instances);
    const sum = await begin(page);
    await parts(page, 2);
    await instances.restart();
    assert.deepEqual((await ended(page)).ends["a.mp4"], ["Succeed"]);
    assert.ok((await assertStoredOnce(sum)).refreshed >= 1);
    await page.context().close();
    await instances.stop();
  });

  test("three instances, a request each in turn", async () => {
    await site.reset({ config });
    const instances = await (await (await new Instances().add()).add()).add();
    const page = await open(instances);
    const sum = await begin(page);
    assert.deepEqual((await ended(page)).ends["a.mp4"], ["Succeed"]);
    assert.ok((await assertStoredOnce(sum)).refreshed >= 2);
    await page.context().close();
    await instances.stop();
  });

  test("a reload in mid-upload, at two instances that are restarted", async () => {
    await site.reset({ config });
    const instances = await (await new Instances().add()).add();
    const page = await open(instances);
    const sum = await begin(page);
    await parts(page, 2);
    await instances.restart();
    await site.load(page);
    assert.equal(await begin(page), sum);
    assert.deepEqual((await ended(page)).ends["a.mp4"], ["Succeed"]);
    const [log, objects] = await Promise.all([site.log(), site.objects()]);
    const { created, refreshed } = figures(log);
    assert.equal(created, 1, "the ticket of the page before says whose the video is");
    assert.ok(refreshed >= 1);
    assert.deepEqual(
      objects.map(({ sha256 }) => sha256),
      [sum],
    );
    await page.context().close();
    await instances.stop();
  });

  test("keys are rotated in mid-upload, each with a restart", async () => {
    await site.reset({ config });
    const instances = await new Instances().add({ UPLOAD_TOKEN_TICKET_KEYS: OLD_KEY });
    const page = await open(instances);
    const sum = await begin(page);
    await parts(page, 1);
    await instances.restart({ UPLOAD_TOKEN_TICKET_KEYS: `${NEW_KEY},${OLD_KEY}` });
    await parts(page, 4);
    await instances.restart({ UPLOAD_TOKEN_TICKET_KEYS: NEW_KEY });
    assert.deepEqual((await ended(page)).ends["a.mp4"], ["Succeed"]);
    await assertStoredOnce(sum);
    await page.context().close();
    await instances.stop();
  });

  test("another user with the page's ticket gets nothing", async () => {
    await site.reset();
    const instances = await new Instances().add();
    const [, created] = await instances.ask(JSON.stringify({ fileName: "a.mp4", title: "a" }));
    const { videoId, ticket } = JSON.parse(created);
    await instances.restart();
    instances.user = "bob";
    const [status] = await instances.ask(JSON.stringify({ videoId, ticket }));
    assert.equal(status, 404);
    instances.user = "alice";
    assert.equal((await instances.ask(JSON.stringify({ videoId, ticket })))[0], 200);
    await instances.stop();
  });
});
