// OSS and VOD against ali-oss, three versions of it, in Node.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { after, before, beforeEach, describe, it } from "node:test";

import OSS from "ali-oss";
import OSS610 from "ali-oss-6.10";
import OSS617 from "ali-oss-6.17";

import { accessKey, appBucket, callVod, roleArn, sha256, unpack } from "./cloud.mjs";

/** @param startCloud - A function of cloud.mjs or worker.mjs: the same is asked of both. */
export function oss(startCloud) {
  const PART = 100 * 1024;
  let cloud;

  before(async () => {
    cloud = await startCloud();
  });
  beforeEach(() => cloud.reset());
  after(() => cloud.stop());

  async function assumeRole() {
    const sts = new OSS.STS({
      accessKeyId: accessKey.id,
      accessKeySecret: accessKey.secret,
      endpoint: `${cloud.sts}/`,
    });
    const { credentials } = await sts.assumeRole(roleArn, null, 900, "alice");
    return credentials;
  }

  function client(credential, options = {}, Client = OSS) {
    return new Client({
      accessKeyId: credential.AccessKeyId,
      accessKeySecret: credential.AccessKeySecret,
      stsToken: credential.SecurityToken,
      bucket: appBucket,
      region: "oss-cn-shanghai",
      endpoint: `http://oss-cn-shanghai.aliyuncs.com:${cloud.port}`,
      agent: cloud.agent(),
      ...options,
    });
  }

  const clients = [
    ["6.23.0, V1", OSS, {}],
    ["6.23.0, V4", OSS, { authorizationV4: true }],
    ["6.17.1, V1", OSS617, {}],
    ["6.10.0, V1", OSS610, {}],
  ];

  for (const [name, Client, options] of clients) {
    describe(`ali-oss ${name}, with an STS token`, () => {
      const open = async (more = {}) => client(await assumeRole(), { ...options, ...more }, Client);

      it("puts, reads and deletes an object of any name", async () => {
        const oss = await open();
        const key = "a folder/ümlaut & sign+plus (1)!*'.txt";
        const bytes = randomBytes(2000);
        await oss.put(key, bytes);
        const { content } = await oss.get(key);
        assert.ok(content.equals(bytes));
        const { res } = await oss.head(key);
        assert.equal(res.headers["content-length"], "2000");
        await oss.delete(key);
        await assert.rejects(oss.get(key), { code: "NoSuchKey", status: 404 });
      });

      it("uploads in parts, and the object is what was sent", async () => {
        const oss = await open();
        const bytes = randomBytes(5 * PART + 77);
        const file = path.join(await mkdtemp(path.join(tmpdir(), "upload-")), "video.mp4");
        await writeFile(file, bytes);
        const result = await oss.multipartUpload("video.mp4", file, { partSize: PART, parallel: 3 });
        await rm(path.dirname(file), { recursive: true });
        assert.match(result.etag, /^"[0-9A-F]{32}-6"$/);
        const [object] = await cloud.objects();
        assert.deepEqual([object.key, object.size, object.sha256], ["video.mp4", bytes.length, sha256(bytes)]);
        assert.equal((await cloud.log("UploadPart")).length, 6);
      });

      it("lists the parts of an upload and aborts it", async () => {
        const oss = await open();
        const { uploadId } = await oss.initMultipartUpload("big");
        for (const number of [1, 2, 3]) {
          await oss._uploadPart("big", uploadId, number, { stream: Readable.from([randomBytes(PART)]), size: PART });
        }
        const page = await oss.listParts("big", uploadId, { "max-parts": 2 });
        assert.deepEqual([page.parts.map((part) => part.PartNumber), page.isTruncated], [["1", "2"], "true"]);
        await oss.abortMultipartUpload("big", uploadId);
        await assert.rejects(oss.listParts("big", uploadId), { code: "NoSuchUpload", status: 404 });
      });

      it("sees an expired token, a foreign token and a wrong secret for what they are", async () => {
        const [mine, yours] = [await assumeRole(), await assumeRole()];
        const put = (credential) => client(credential, options, Client).put("x", Buffer.from("x"));
        await assert.rejects(put({ ...mine, SecurityToken: yours.SecurityToken }), {
          code: "AccessKeyIdAndSecurityTokenNotMatch",
        });
        await assert.rejects(put({ ...mine, SecurityToken: "CAISnone" }), { code: "InvalidSecurityToken" });
        await assert.rejects(put({ ...mine, AccessKeyId: "STS.nobody" }), { code: "InvalidAccessKeyId" });
        await assert.rejects(put({ ...mine, AccessKeySecret: "wrong" }), { code: "SignatureDoesNotMatch" });
        await cloud.configure({ stsLifeMs: 1 });
        const dead = await assumeRole();
        // The cloud's clock goes on instead of the test.
        await cloud.configure({ clockOffsetMs: 2000 });
        await assert.rejects(put(dead), { code: "SecurityTokenExpired", status: 403 });
        await put(mine);
      });
    });
  }

  describe("an UploadAuth", () => {
    const create = async (fileName = "film.mp4") => {
      const { status, body } = await callVod(
        cloud,
        "CreateUploadVideo",
        { FileName: fileName, Title: "Film" },
        accessKey,
      );
      assert.equal(status, 200, JSON.stringify(body));
      return { ...body, auth: unpack(body.UploadAuth), address: unpack(body.UploadAddress) };
    };

    it("writes its own object, in parts", async () => {
      const { auth, address, VideoId } = await create();
      assert.equal(address.Endpoint, "https://oss-cn-shanghai.aliyuncs.com");
      assert.equal(auth.Expiration, "3000");
      const bytes = randomBytes(2 * PART + 5);
      await client(auth, { bucket: address.Bucket }).multipartUpload(address.FileName, bytes, { partSize: PART });
      const [object] = await cloud.objects();
      assert.deepEqual([object.videoId, object.key, object.sha256], [VideoId, address.FileName, sha256(bytes)]);
    });

    it("writes no other object, and neither does an STS token", async () => {
      const [mine, yours] = [await create(), await create()];
      const denied = { code: "AccessDenied", status: 403 };
      await assert.rejects(
        client(mine.auth, { bucket: mine.address.Bucket }).put(yours.address.FileName, Buffer.from("x")),
        denied,
      );
      await assert.rejects(client(mine.auth).put("x", Buffer.from("x")), denied);
      await assert.rejects(client(mine.auth, { bucket: mine.address.Bucket }).get(mine.address.FileName), denied);
      const token = await assumeRole();
      await assert.rejects(
        client(token, { bucket: mine.address.Bucket }).put(mine.address.FileName, Buffer.from("x")),
        denied,
      );
    });

    it("is refreshed by VideoId, never by object key", async () => {
      const { VideoId, address, auth, UploadAddress } = await create();
      const refreshed = await callVod(cloud, "RefreshUploadVideo", { VideoId }, accessKey);
      assert.deepEqual(
        [refreshed.status, refreshed.body.VideoId, refreshed.body.UploadAddress],
        [200, VideoId, UploadAddress],
      );
      assert.notEqual(unpack(refreshed.body.UploadAuth).AccessKeyId, auth.AccessKeyId);
      const wrong = await callVod(cloud, "RefreshUploadVideo", { VideoId: address.FileName }, accessKey);
      assert.deepEqual([wrong.status, wrong.body.Code], [404, "InvalidVideo.NotFound"]);
    });

    it("is created with an STS token", async () => {
      const token = await assumeRole();
      const key = { id: token.AccessKeyId, secret: token.AccessKeySecret };
      const answer = await callVod(cloud, "CreateUploadImage", { ImageType: "default" }, key, token.SecurityToken);
      assert.equal(answer.status, 200);
      assert.match(answer.body.ImageId, /^[0-9A-F]{32}$/);
      assert.equal(answer.body.VideoId, undefined);
    });
  });
}
