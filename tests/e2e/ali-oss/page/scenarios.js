// What a page does with ali-oss. The same functions run in Chromium and in Node; each resolves with plain data.
//
// `world` is where they run: `{ OSS, body, large, base, library, source }`: the class of ali-oss, functions that make a
// body that it takes at once and in parts, the client's options, this package's exports and the AppServer's address.

const PART = 100 * 1024;
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

/**
 * Opens a client in one of three ways.
 *
 * @param kind - `stock`: as ali-oss documents; `options`: with `ossOptions`; `client`: with `createOssClient`.
 */
async function open(world, { kind, interval, policy, source = world.source }) {
  const { OSS, base, library } = world;
  if (kind === "stock") {
    const ask = async () => {
      const reply = await (await fetch(world.source, { method: "POST" })).json();
      return {
        accessKeyId: reply.AccessKeyId,
        accessKeySecret: reply.AccessKeySecret,
        stsToken: reply.SecurityToken,
      };
    };
    const client = new OSS({ ...base, ...(await ask()), refreshSTSToken: ask, refreshSTSTokenInterval: interval });
    return { client, close: () => {} };
  }
  const tokens = library.createTokenManager({ source, ...(policy && { policy }) });
  const client =
    kind === "client"
      ? await library.createOssClient(OSS, tokens, base)
      : new OSS({ ...base, ...(await library.ossOptions(tokens)) });
  return { client, tokens, close: () => tokens.close() };
}

/** An error as data: the page's objects do not leave it. */
function describe({ library }, error) {
  const { name, code, status, serverCode, message } = error;
  return { typed: library.isUploadTokenError(error), name, code, status, serverCode, message };
}

async function settle(world, work) {
  const results = await Promise.allSettled(work);
  const failures = results.filter(({ status }) => status === "rejected");
  return { ok: results.length - failures.length, failures: failures.map(({ reason }) => describe(world, reason)) };
}

function put(world, client, name) {
  return client.put(name, world.body(new Uint8Array(1000).fill(7)));
}

/** Leaves a client alone, then puts many objects at once. */
export async function burst(world, { idle = 0, puts, ...how }) {
  const { client, close } = await open(world, how);
  try {
    await wait(idle);
    return await settle(
      world,
      Array.from({ length: puts }, (_, i) => put(world, client, `burst/${i}`)),
    );
  } finally {
    close();
  }
}

/** Puts an object every so often. */
export async function steady(world, { every, puts, ...how }) {
  const { client, close } = await open(world, how);
  try {
    const work = [];
    for (let i = 0; i < puts; i += 1) {
      work.push(put(world, client, `steady/${i}`));
      await Promise.allSettled([wait(every), work.at(-1)]);
    }
    return await settle(world, work);
  } finally {
    close();
  }
}

/** One upload in parts, five at a time. */
export async function multipart(world, { parts, ...how }) {
  const { client, close } = await open(world, how);
  try {
    const bytes = new Uint8Array(parts * PART).map((_, i) => i % 251);
    const upload = client.multipartUpload("video.mp4", world.large(bytes), { partSize: PART, parallel: 5 });
    return await settle(world, [upload]);
  } finally {
    close();
  }
}

/** The device's clock is set back while the client is idle. */
export async function clockSetBack(world, { by, idle, puts, ...how }) {
  const { client, close } = await open(world, how);
  const Real = globalThis.Date;
  const now = () => Real.now() - by;
  globalThis.Date = class extends Real {
    constructor(...fields) {
      super(...(fields.length > 0 ? fields : [now()]));
    }
    static now() {
      return now();
    }
  };
  try {
    await wait(idle);
    return await settle(
      world,
      Array.from({ length: puts }, (_, i) => put(world, client, `back/${i}`)),
    );
  } finally {
    globalThis.Date = Real;
    close();
  }
}

/** The source's answer holds more than a token: none of it must reach the client. */
export async function extraFields(world, how) {
  const extra = { bucket: "not-yours", endpoint: "https://oss.example.com", region: "oss-us-west-1", timeout: 1 };
  const source = async () => ({ ...(await (await fetch(world.source, { method: "POST" })).json()), ...extra });
  const { client, close } = await open(world, { ...how, source });
  try {
    const known = ["bucket", "region", "timeout"].map((name) => client.options[name]);
    const { host } = client.options.endpoint;
    const outcome = await settle(world, [put(world, client, "one"), put(world, client, "two")]);
    const after = ["bucket", "region", "timeout"].map((name) => client.options[name]);
    return { ...outcome, known, after, host, hostAfter: client.options.endpoint.host };
  } finally {
    close();
  }
}

/** Reads an object in one of ali-oss's ways, while OSS refuses a token once; `fault` makes it do so. */
export async function refusedRead(world, { way, fault, ...how }) {
  const { client, tokens, close } = await open(world, how);
  try {
    await put(world, client, "read");
    const before = (await tokens.getToken()).accessKeyId;
    await fetch(fault.url, { method: "POST", body: JSON.stringify(fault.plan), headers: JSON_TYPE });
    const read = {
      head: () => client.head("read"),
      // In pages ali-oss asks for a header of the answer besides, which the local cloud does not write.
      get: () => client.get("read", { responseCacheControl: null }),
      getStream: async () => {
        let size = 0;
        for await (const chunk of (await client.getStream("read")).stream) size += chunk.length;
        if (size !== 1000) throw new Error(`${size} bytes`);
      },
      "get into a file": () => client.get("read", world.file),
      "get into a stream": () => {
        const stream = world.stream();
        // The page's own words, before and after.
        stream.write("head");
        const got = client.get("read", stream);
        stream.write("line");
        return got.finally(() => {
          if (Object.hasOwn(stream, "write")) throw new Error("write() stays replaced");
          stream.write("foot");
        });
      },
    }[way];
    const outcome = await settle(world, [read()]);
    return { ...outcome, replaced: (await tokens.getToken()).accessKeyId !== before };
  } finally {
    close();
  }
}

const JSON_TYPE = { "content-type": "application/json" };

const IN_PAGE = typeof document === "object";

/** Signs addresses while no token is to be had, which ali-oss does without waiting for one. */
export async function signedWithoutToken(world, how) {
  const { client, close } = await open(world, how);
  const unheard = [];
  const hear = ({ reason }) => unheard.push(reason.code);
  const inNode = (reason) => hear({ reason });
  if (IN_PAGE) addEventListener("unhandledrejection", hear);
  else process.on("unhandledRejection", inNode);
  try {
    close();
    const address = client.signatureUrl("a.mp4");
    await wait(50);
    const put = await client.put("a", world.body(new Uint8Array(1))).catch(({ code }) => code);
    return { unheard, signed: address.includes("STS."), put };
  } finally {
    if (IN_PAGE) removeEventListener("unhandledrejection", hear);
    else process.off("unhandledRejection", inNode);
  }
}

/** The first token is one that OSS refuses with `code`, for as long as it is believed to be good. */
export async function spoiltToken(world, { code, idle, puts, ...how }) {
  const reasons = [];
  const ask = async () => (await fetch(world.source, { method: "POST" })).json();
  const source = async ({ reason }) => {
    const reply = await ask();
    reasons.push(reason);
    return reasons.length === 1 ? spoil(reply, code, await ask()) : reply;
  };
  const { client, close } = await open(world, { ...how, source });
  try {
    if (code === "SecurityTokenExpired") await wait(idle);
    const outcome = await settle(
      world,
      Array.from({ length: puts }, (_, i) => put(world, client, `spoilt/${i}`)),
    );
    return { ...outcome, reasons };
  } finally {
    close();
  }
}

function spoil(reply, code, another) {
  switch (code) {
    case "SecurityTokenExpired":
      return { ...reply, Expiration: new Date(Date.parse(reply.Expiration) + 3_600_000).toISOString() };
    case "InvalidAccessKeyId":
      return { ...reply, AccessKeyId: "STS.NobodyHasThisId" };
    case "InvalidSecurityToken":
      return { ...reply, SecurityToken: reply.SecurityToken.split("").reverse().join("") };
    case "AccessKeyIdAndSecurityTokenNotMatch":
      return { ...reply, SecurityToken: another.SecurityToken };
    default:
      throw new Error(`no token is refused with ${code}`);
  }
}

/** Puts one object, waits for the word, and puts another with the same client. */
export async function twice(world, { between, ...how }) {
  const { client, close } = await open(world, how);
  try {
    const first = await settle(world, [put(world, client, "first")]);
    await fetch(between.url, { method: between.method });
    return { first, second: await settle(world, [put(world, client, "second")]) };
  } finally {
    close();
  }
}
