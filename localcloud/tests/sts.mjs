// STS against the vendor's own Node clients.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";

import RPCClient from "@alicloud/pop-core";
import Sts from "@alicloud/sts20150401";
import OSS from "ali-oss";

import { accessKey, inactiveKey, roleArn } from "./cloud.mjs";

/** @param startCloud - A function of cloud.mjs or worker.mjs: the same is asked of both. */
export function sts(startCloud) {
  const session = "alice@example.com";
  let cloud;

  before(async () => {
    cloud = await startCloud();
  });
  beforeEach(() => cloud.reset());
  after(() => cloud.stop());

  /** The current SDK, with the ACS3 signature or, as it calls it, `v2`: RPC v1. */
  function sdk(options = {}) {
    const client = new Sts.default({
      accessKeyId: accessKey.id,
      accessKeySecret: accessKey.secret,
      endpoint: new URL(cloud.sts).host,
      protocol: "http",
      ...options,
    });
    return (request = {}) =>
      client.assumeRole(
        new Sts.AssumeRoleRequest({ roleArn, roleSessionName: session, durationSeconds: 900, ...request }),
      );
  }

  const pop = (key = accessKey) =>
    new RPCClient({
      accessKeyId: key.id,
      accessKeySecret: key.secret,
      endpoint: cloud.sts,
      apiVersion: "2015-04-01",
    });

  const params = { RoleArn: roleArn, RoleSessionName: session, DurationSeconds: 900 };

  function assertLivesFor(expiration, seconds) {
    const left = Date.parse(expiration) - Date.now();
    assert.match(expiration, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.ok(left <= (seconds + 1) * 1000 && left > (seconds - 60) * 1000, `${left} ms left`);
  }

  describe("@alicloud/sts20150401", () => {
    for (const [name, options] of [
      ["ACS3", {}],
      ["RPC v1", { signatureAlgorithm: "v2" }],
    ]) {
      it(`assumes a role, signed by ${name}`, async () => {
        const { body } = await sdk(options)();
        assert.match(body.credentials.accessKeyId, /^STS\./);
        assert.match(body.credentials.securityToken, /^CAIS/);
        assert.equal(body.assumedRoleUser.arn, `${roleArn}/${session}`);
        assertLivesFor(body.credentials.expiration, 900);
        const [call] = await cloud.log("AssumeRole");
        assert.deepEqual([call.service, call.status, call.accessKeyId], ["sts", 200, accessKey.id]);
      });

      it(`is refused with a wrong secret, signed by ${name}`, async () => {
        await assert.rejects(sdk({ ...options, accessKeySecret: "other" })(), { code: "SignatureDoesNotMatch" });
      });
    }

    it("sends a policy, an external id and a source identity, and gets the latter back", async () => {
      const policy = JSON.stringify({
        Version: "1",
        Statement: [{ Effect: "Allow", Action: "vod:CreateUploadVideo", Resource: "*" }],
      });
      const { body } = await sdk()({ policy, externalId: "tenant:7", sourceIdentity: "Alice" });
      assert.equal(body.sourceIdentity, "Alice");
    });

    it("reads the code of each refusal", async () => {
      const refusals = [
        [{ roleSessionName: "a" }, "InvalidParameter.RoleSessionName"],
        [{ roleArn: "acs:ram::1:role/none" }, "EntityNotExist.Role"],
        [{ durationSeconds: 60 }, "InvalidParameter.DurationSeconds"],
        [{ policy: "{" }, "InvalidParameter.PolicyGrammar"],
      ];
      for (const [request, code] of refusals) await assert.rejects(sdk()(request), { code });
    });

    it("is told that a key was disabled", async () => {
      const options = { accessKeyId: inactiveKey.id, accessKeySecret: inactiveKey.secret };
      await assert.rejects(sdk(options)(), { code: "InvalidAccessKeyId.Inactive" });
    });

    it("sees throttling as throttling", async () => {
      await cloud.plan({
        service: "sts",
        status: 400,
        code: "Throttling.User",
        message: "Request was denied due to user flow control.",
      });
      await assert.rejects(sdk()(), { name: "ThrottlingError", code: "Throttling.User" });
    });
  });

  describe("@alicloud/pop-core", () => {
    for (const method of ["GET", "POST"]) {
      it(`assumes a role by ${method}`, async () => {
        const answer = await pop().request("AssumeRole", params, { method });
        assert.match(answer.Credentials.AccessKeyId, /^STS\./);
        assertLivesFor(answer.Credentials.Expiration, 900);
      });
    }

    it("reads the code of a refusal", async () => {
      const request = pop({ id: "LTAInobody", secret: "x" }).request("AssumeRole", params, {});
      await assert.rejects(request, { code: "InvalidAccessKeyId.NotFound" });
    });
  });

  describe("the STS client of ali-oss", () => {
    it("assumes a role", async () => {
      const client = new OSS.STS({
        accessKeyId: accessKey.id,
        accessKeySecret: accessKey.secret,
        endpoint: `${cloud.sts}/`,
      });
      const { credentials } = await client.assumeRole(roleArn, null, 900, "alice");
      assert.match(credentials.AccessKeyId, /^STS\./);
      assertLivesFor(credentials.Expiration, 900);
    });
  });
}
