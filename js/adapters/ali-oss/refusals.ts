import type { TokenManager } from "../../types.js";
import { SKEWED, skewed } from "./clock.js";

/** OSS's codes for a token that it does not take any more; `src/error/codes.rs` has the same list. */
const DEAD_TOKEN =
  /^(?:SecurityTokenExpired|InvalidSecurityToken|InvalidAccessKeyId|AccessKeyIdAndSecurityTokenNotMatch)(?:\.|$)/;

/** How often one request is sent: as it is, with another token, and with the clock corrected. */
const MAX_TRIES = 3;

/** The parts of an ali-oss client through which every request and every answer goes. */
interface OssClient {
  request(params: RequestParams): Promise<unknown>;
  urllib: { request(url: string, params: HttpParams): Promise<HttpAnswer | undefined> };
  options: { amendTimeSkewed?: number };
}

interface RequestParams {
  /** A body that can be read only once. */
  stream?: unknown;
  /** Where the answer's body is written, which cannot be taken back. */
  writeStream?: unknown;
}

interface HttpParams {
  headers: Record<string, string | undefined>;
  writeStream?: Writable;
}

interface Writable {
  write(chunk: Uint8Array | string, ...rest: unknown[]): unknown;
}

interface HttpAnswer {
  status: number;
  /** The body: bytes or text, empty if it went elsewhere. */
  data?: unknown;
  /** The body itself, where the page asked for a stream. */
  res?: AsyncIterable<Uint8Array>;
  headers?: Record<string, string | undefined>;
}

/** More than any of OSS's errors has, in bytes. */
const LARGEST_REFUSAL = 64 << 10;

/** @internal Reports refused tokens of `client` to `tokens` and repeats what they were refused for. */
export function listen(client: object, tokens: Pick<TokenManager, "invalidate">): void {
  if (!isOssClient(client)) return;
  reportRefusals(client, tokens);
  repeatRefused(client);
}

/** Whether this build of ali-oss has what is relied upon; without it the client goes on with `ossOptions` alone. */
function isOssClient(client: object): client is OssClient {
  const { request, urllib, options } = client as Partial<OssClient>;
  return typeof request === "function" && typeof urllib?.request === "function" && typeof options === "object";
}

/** Only here the token is known that a request was signed with: in the client's options there may be a newer one. */
function reportRefusals(client: OssClient, tokens: Pick<TokenManager, "invalidate">): void {
  const { urllib } = client;
  // Not changed in place: all clients of a page share it.
  client.urllib = Object.create(urllib) as OssClient["urllib"];
  client.urllib.request = async (url, params) => {
    const accessKeyId = signedWith(params);
    const written = overhear(params.writeStream);
    let answer: HttpAnswer | undefined;
    try {
      answer = await urllib.request(url, params);
    } finally {
      written.end();
    }
    if (answer?.status !== 403) return answer;
    const text = await textOf(answer, written.text());
    const refusal = readRefusal(text);
    if (!refusal) return answer;
    if (refusal.code === SKEWED) correctClock(client, refusal.serverTime);
    else if (accessKeyId && DEAD_TOKEN.test(refusal.code)) tokens.invalidate(accessKeyId, refusal.code);
    // Where ali-oss looks for it: an error without a body is unknown to it.
    return { ...answer, data: text };
  };
}

/** The browser build does the same for requests without a stream, the Node build for none. */
function correctClock(client: OssClient, serverTime: string | undefined): void {
  const correction = Date.parse(serverTime ?? "") - Date.now();
  if (Number.isFinite(correction)) client.options.amendTimeSkewed = correction;
}

function repeatRefused(client: OssClient): void {
  const request = client.request;
  // ali-oss's own repetitions come by here as well, with the same parameters.
  const tries = new WeakMap<RequestParams, number>();
  client.request = async function (this: OssClient, params) {
    const nth = (tries.get(params) ?? 0) + 1;
    tries.set(params, nth);
    if (nth > MAX_TRIES) throw skewed("OSS keeps refusing the time of a request, corrected by its own clock");
    try {
      return await request.call(this, params);
    } catch (error) {
      const code = codeOf(error);
      const again = !params.stream && !params.writeStream && (tries.get(params) ?? nth) < MAX_TRIES;
      if (again && (DEAD_TOKEN.test(code) || (code === SKEWED && this.options.amendTimeSkewed)))
        return this.request(params);
      throw code === SKEWED ? skewed("OSS refused the time of a request", error) : error;
    }
  };
}

/** The code of an error of ali-oss. Errors of this package have theirs from another list. */
function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === "string" ? code : "";
}

/** `OSS STS.id:…` in V1, `OSS4-HMAC-SHA256 Credential=STS.id/…` in V4. */
function signedWith({ headers }: HttpParams): string | undefined {
  return /^(?:OSS |OSS4-HMAC-SHA256 Credential=)([^:/]+)/.exec(headers?.["authorization"] ?? "")?.[1];
}

/** Keeps a copy of the beginning of what is written to the page's own stream, until `end()`. */
function overhear(stream: Writable | undefined): { text: () => string; end: () => void } {
  if (!stream) return { text: () => "", end: () => {} };
  const decoder = new TextDecoder();
  let text = "";
  const own = Object.getOwnPropertyDescriptor(stream, "write");
  const { write } = stream;
  stream.write = (chunk, ...rest) => {
    if (text.length < LARGEST_REFUSAL) {
      text += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
    }
    return write.call(stream, chunk, ...rest);
  };
  const end = (): void => {
    if (own) Object.defineProperty(stream, "write", own);
    else Reflect.deleteProperty(stream, "write");
  };
  return { text: () => text, end };
}

/** What OSS says of a refusal: in the body, wherever that went, or in a header, as to HEAD, whose answer has none. */
async function textOf({ data, res, headers }: HttpAnswer, written: string): Promise<string> {
  const body = String(data ?? "") || written;
  if (body !== "") return body;
  const header = headers?.["x-oss-err"];
  try {
    if (header !== undefined) return atob(header);
    return res === undefined ? "" : await read(res);
  } catch {
    // Not from OSS, or cut off.
    return "";
  }
}

async function read(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    if (text.length < LARGEST_REFUSAL) text += decoder.decode(chunk, { stream: true });
  }
  return text;
}

function readRefusal(text: string): { code: string; serverTime: string | undefined } | undefined {
  const code = /<Code>([\w.-]+)<\/Code>/.exec(text)?.[1];
  return code === undefined ? undefined : { code, serverTime: /<ServerTime>([^<]+)<\/ServerTime>/.exec(text)?.[1] };
}
