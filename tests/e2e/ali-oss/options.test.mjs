// What ossOptions and createOssClient do by themselves, without OSS.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";

import AliOss from "ali-oss";

import { createOssClient, ossOptions } from "../../../dist/ali-oss.js";

const EPOCH = Date.UTC(2026, 0, 1);

/** A manager whose tokens are numbered. */
function tokens() {
  const scopes = [];
  const invalidated = [];
  return {
    scopes,
    invalidated,
    getToken: async ({ scope }) => {
      const n = scopes.push(scope);
      const token = { accessKeyId: `STS.${n}`, accessKeySecret: `secret ${n}`, securityToken: `token ${n}` };
      return { ...token, expiration: new Date(EPOCH).toISOString(), expiresAt: EPOCH };
    },
    invalidate: (id, reason) => invalidated.push([id, reason]),
  };
}

function fields(n) {
  return { accessKeyId: `STS.${n}`, accessKeySecret: `secret ${n}`, stsToken: `token ${n}` };
}

/** As much of ali-oss as the adapter relies on; it answers with `answers`, one after another. */
function fakeOss(answers) {
  return class {
    stsTokenFreshTime = new Date();
    constructor(options) {
      this.options = { ...options };
      this.urllib = {
        request: async () => answers.shift(),
      };
    }
    async request() {
      Object.assign(this.options, await this.options.refreshSTSToken());
      const headers = { authorization: `OSS ${this.options.accessKeyId}:c2lnbmF0dXJl` };
      const { status, code } = await this.urllib.request("https://bucket.example.com/", { headers });
      if (status !== 200) throw Object.assign(new Error("refused"), { status, code });
      return this.options.accessKeyId;
    }
  };
}

function refusal(code) {
  return { status: 403, code, data: Buffer.from(`<Error><Code>${code}</Code></Error>`), headers: {} };
}

describe("ossOptions", () => {
  it("gives exactly the options that ali-oss takes credentials by", async () => {
    const { refreshSTSToken, ...rest } = await ossOptions(tokens());
    assert.deepEqual(rest, { ...fields(1), refreshSTSTokenInterval: -Infinity });
    assert.deepEqual(await refreshSTSToken(), fields(2));
  });

  it("asks for the token of its scope", async () => {
    const manager = tokens();
    const { refreshSTSToken } = await ossOptions(manager, { scope: "reports" });
    await refreshSTSToken();
    assert.deepEqual(manager.scopes, ["reports", "reports"]);
  });

  it("names what is unusable", async () => {
    await assert.rejects(ossOptions(undefined), { code: "invalid_option", message: /^tokens / });
    await assert.rejects(ossOptions({}), { code: "invalid_option", message: /^tokens / });
    await assert.rejects(createOssClient(undefined, tokens(), {}), { code: "invalid_option", message: /^OSS / });
    const deaf = { getToken: tokens().getToken };
    await assert.rejects(createOssClient(fakeOss([]), deaf, {}), { code: "invalid_option", message: /^tokens / });
  });

  it("refuses a scope that is misspelt or misplaced: another one's token would be signed with", async () => {
    const manager = tokens();
    const refused = (promise, message) => assert.rejects(promise, { code: "invalid_option", message });
    await refused(ossOptions(manager, { scop: "a" }), /^scop is not an option; did you mean scope\?/);
    await refused(ossOptions(manager, { scope: 7 }), /^scope must be a string/);
    await refused(ossOptions(manager, null), /^options must be an object/);
    await refused(createOssClient(fakeOss([]), manager, {}, { Scope: "a" }), /^Scope .* did you mean scope\?/);
    await refused(createOssClient(fakeOss([]), manager, { scope: "a" }), /^scope is the fourth argument's/);
    await refused(createOssClient(fakeOss([]), manager, null), /^options must be an object/);
    assert.deepEqual(manager.scopes, [], "none of it asked for a token");
  });

  it("holds the clock of one client against no other", async () => {
    const { refreshSTSToken } = await ossOptions(tokens());
    const wrong = { amendTimeSkewed: NaN, refreshSTSToken };
    const right = { amendTimeSkewed: 0, refreshSTSToken };
    await assert.rejects(wrong.refreshSTSToken(), { code: "rejected", serverCode: "RequestTimeTooSkewed" });
    assert.deepEqual(await right.refreshSTSToken(), fields(2));
    assert.deepEqual(await wrong.refreshSTSToken(), fields(3), "its next request is a new one");
  });

  it("keeps a correction that helped when a later one cannot be computed", async () => {
    const { refreshSTSToken } = await ossOptions(tokens());
    const options = { amendTimeSkewed: -3_600_000, refreshSTSToken };
    await options.refreshSTSToken();
    options.amendTimeSkewed = NaN;
    await assert.rejects(options.refreshSTSToken(), { code: "rejected" });
    assert.ok(Math.abs(options.amendTimeSkewed + 3_600_000) < 1000);
  });
});

describe("createOssClient", () => {
  it("makes the class's own instance, with the caller's options", async () => {
    const OSS = fakeOss([]);
    const client = await createOssClient(OSS, tokens(), { bucket: "videos" });
    assert.ok(client instanceof OSS);
    assert.equal(client.options.bucket, "videos");
    assert.equal(client.options.accessKeyId, "STS.1");
  });

  it("sends tokens over https, unless the caller wants otherwise", async () => {
    const where = { region: "oss-cn-shanghai", bucket: "videos" };
    const protocol = async (options) =>
      (await createOssClient(AliOss, tokens(), { ...where, ...options })).options.endpoint.protocol;
    assert.equal(await protocol({}), "https:");
    assert.equal(await protocol({ secure: undefined }), "https:");
    assert.equal(await protocol({ secure: false }), "http:");
    assert.equal(await protocol({ endpoint: "http://oss.example.com" }), "http:");
    assert.equal(new AliOss({ ...where, ...fields(1) }).options.endpoint.protocol, "http:", "as ali-oss does");
  });

  it("lets no option stand in for a credential", async () => {
    const client = await createOssClient(fakeOss([]), tokens(), { accessKeyId: "mine", refreshSTSTokenInterval: 1 });
    assert.equal(client.options.accessKeyId, "STS.1");
    assert.equal(client.options.refreshSTSTokenInterval, -Infinity);
  });

  it("reports the token that a request was signed with, not the newest", async () => {
    const manager = tokens();
    const client = await createOssClient(fakeOss([refusal("InvalidSecurityToken"), { status: 200 }]), manager, {});
    const { request } = client.urllib;
    client.urllib.request = async (url, params) => {
      const answer = request(url, params);
      client.options.accessKeyId = "STS.newer";
      return answer;
    };
    assert.equal(await client.request({}), "STS.newer");
    assert.deepEqual(manager.invalidated, [["STS.2", "InvalidSecurityToken"]]);
  });

  it("takes those codes for a dead token that the module takes for one", async () => {
    const { dead, other } = JSON.parse(
      await readFile(new URL("../../vectors/dead-token-codes.json", import.meta.url), "utf8"),
    );
    for (const code of [...dead, ...other].filter(Boolean)) {
      const manager = tokens();
      const client = await createOssClient(fakeOss([refusal(code), { status: 200 }]), manager, {});
      if (dead.includes(code)) assert.equal(await client.request({}), "STS.3", code);
      else await assert.rejects(client.request({}), { status: 403 }, code);
      assert.deepEqual(manager.invalidated, dead.includes(code) ? [["STS.2", code]] : [], code);
    }
  });

  it("sends a body that is a stream only once", async () => {
    const manager = tokens();
    const client = await createOssClient(fakeOss([refusal("SecurityTokenExpired")]), manager, {});
    await assert.rejects(client.request({ stream: {} }), { code: "SecurityTokenExpired" });
    assert.deepEqual(manager.invalidated, [["STS.2", "SecurityTokenExpired"]]);
  });

  it("reads the refusal of a request whose answer has no body", async () => {
    const manager = tokens();
    const { data, ...answer } = refusal("InvalidAccessKeyId");
    const answers = [{ ...answer, headers: { "x-oss-err": data.toString("base64") } }, { status: 200 }];
    const client = await createOssClient(fakeOss(answers), manager, {});
    assert.equal(await client.request({}), "STS.3");
    assert.deepEqual(manager.invalidated, [["STS.2", "InvalidAccessKeyId"]]);
  });

  it("leaves a 403 that OSS did not send alone", async () => {
    for (const data of ["<html>Forbidden</html>", "", undefined]) {
      const manager = tokens();
      const answers = [{ status: 403, data, headers: { "x-oss-err": "not base64!" } }];
      const client = await createOssClient(fakeOss(answers), manager, {});
      await assert.rejects(client.request({}), { status: 403 });
      assert.deepEqual(manager.invalidated, []);
    }
  });

  it("goes on with the options alone where a build has nothing to listen at", async () => {
    class Unseen {
      constructor(options) {
        this.options = options;
      }
    }
    const client = await createOssClient(Unseen, tokens(), {});
    assert.deepEqual(await client.options.refreshSTSToken(), fields(2));
    assert.ok(!("request" in client) && !("urllib" in client));
  });

  it("changes only its own client: clients share their HTTP library", async () => {
    const shared = { request: async () => ({ status: 200 }) };
    const { request } = shared;
    class OSS extends fakeOss([]) {
      constructor(options) {
        super(options);
        this.urllib = shared;
      }
    }
    const client = await createOssClient(OSS, tokens(), {});
    assert.equal(shared.request, request);
    assert.notEqual(client.urllib.request, request);
  });
});

// As the builds 4 and 5 are made: a client whose methods are generators, and one that hides such a client.
for (const [name, OSS] of Object.entries({
  "a client of generators": class {
    options = {};
    *request() {}
  },
  "OSS.Wrapper": function Wrapper() {
    this.options = {};
    this.request = async () => {};
  },
})) {
  it(`refuses ${name}, which would keep the first token for ever`, async () => {
    await assert.rejects(createOssClient(OSS, tokens(), {}), {
      code: "invalid_option",
      message: /^OSS is ali-oss 4 or 5.*take 6\.10 or a newer one/,
    });
  });
}
