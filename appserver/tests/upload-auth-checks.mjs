// The checks of `contract.mjs` for `POST /api/upload-auth`.
import assert from "node:assert/strict";

import { CREDENTIAL } from "./requests.mjs";

/** A file as a page asks for its UploadAuth. */
export const FILE = { fileName: "contract.mp4", title: "contract", fileSize: 1024 };
const askFor = (ask, fields) => ask({ body: JSON.stringify(fields) });
const decode = (text) => JSON.parse(Buffer.from(text, "base64").toString("utf8"));

/** As `CHECKS`. */
export const UPLOAD_AUTH_CHECKS = [
  {
    right: "creates a video, and its UploadAuth and address can be read",
    suffers: "no upload begins",
    async check(ask) {
      const { response, reply } = await askFor(ask, FILE);
      assert.equal(response.status, 200);
      assert.match(response.headers.get("cache-control") ?? "", /\bno-store\b/);
      for (const field of ["videoId", "requestId", "serverTime"]) assert.ok(reply[field], field);
      const auth = decode(reply.uploadAuth);
      for (const field of ["AccessKeyId", "AccessKeySecret", "SecurityToken", "Expiration"])
        assert.ok(auth[field], field);
      const address = decode(reply.uploadAddress);
      for (const field of ["Endpoint", "Bucket", "FileName"]) assert.ok(address[field], field);
    },
  },
  {
    right: "renews it at the same address",
    suffers: "an upload that outlives its UploadAuth begins anew, or fails",
    async check(ask) {
      const { reply: first } = await askFor(ask, FILE);
      const { response, reply: second } = await askFor(ask, { videoId: first.videoId, ticket: first.ticket });
      assert.equal(response.status, 200);
      assert.deepEqual([second.videoId, second.uploadAddress], [first.videoId, first.uploadAddress]);
      assert.notEqual(second.uploadAuth, first.uploadAuth);
    },
  },
  {
    right: "gives a ticket that settles whose the video is",
    suffers: "each of your restarts ends all running uploads, unless you keep a database of videos",
    async check(ask) {
      const { reply: first } = await askFor(ask, FILE);
      assert.match(first.ticket ?? "", /^[\x21-\x7e]{16,512}$/, "for a page that resumes after your restart");
      const { response, reply } = await askFor(ask, { videoId: first.videoId, ticket: first.ticket });
      assert.equal(response.status, 200);
      assert.ok(reply.ticket, "a renewal gives one too");
    },
  },
  {
    right: "creates an image",
    suffers: "covers and images cannot be uploaded",
    async check(ask) {
      const { response, reply } = await askFor(ask, {
        title: "contract",
        image: { imageType: "default", imageExt: "png" },
      });
      assert.equal(response.status, 200);
      assert.ok(reply.imageId && reply.uploadAuth && reply.uploadAddress);
      assert.equal(reply.videoId, undefined);
    },
  },
  {
    right: "renews no video that this user was not given, whatever ticket comes with it",
    suffers: "one signed-in user overwrites another's video",
    async check(ask) {
      const { reply: own } = await askFor(ask, FILE);
      const stranger = "0123456789abcdef0123456789abcdef";
      for (const ticket of [undefined, own.ticket, "t1.9999999999.AAAA", 7]) {
        const { response, text } = await askFor(ask, { videoId: stranger, ticket });
        const expected = ticket === 7 ? [400, 404] : [404];
        assert.ok(expected.includes(response.status), `${ticket} was a ${response.status}`);
        assert.doesNotMatch(text, CREDENTIAL);
      }
    },
  },
  {
    needs: ["other"],
    right: "renews no video for whoever has only its ticket",
    suffers: "one signed-in user overwrites another's video",
    async check(ask, server) {
      const { reply: own } = await askFor(ask, FILE);
      const body = JSON.stringify({ videoId: own.videoId, ticket: own.ticket });
      const { response, text } = await ask({ user: server.other, body });
      assert.equal(response.status, 404);
      assert.doesNotMatch(text, CREDENTIAL);
    },
  },
  {
    right: "does not let a page name an address that VOD calls back",
    suffers: "a user makes your account report its events to an address of theirs",
    async check(ask) {
      const userData = { MessageCallback: { CallbackURL: "https://evil.example" } };
      const { response, reply } = await askFor(ask, { ...FILE, userData });
      // To leave it out is right as well; nobody can see that from here.
      assert.ok(response.status === 400 || response.status === 403 || reply?.uploadAuth, `${response.status}`);
    },
  },
].map((check) => ({ of: "uploadAuth", ...check }));
