// What must compile, as pages write it. Nothing here is run.
import { createTokenManager, isUploadTokenError, POLICY_NUMBERS, UploadTokenError, wasm } from "upload-token";
import type { StsToken, TokenManager, TokenManagerOptions, TokenSource, TokenStatus } from "upload-token";
import { createOssClient, ossOptions } from "upload-token/ali-oss";
import { createVodUploader, type UploadInfo, type VodTokenEvent } from "upload-token/vod";
import { createTokenManager as fromFile, wasm as file } from "upload-token/wasm";

declare const AliyunUpload: { Vod: new (options: object) => object };
declare const OSS: new (options: object) => { multipartUpload(name: string, file: File): Promise<unknown> };

const plain: TokenManager = createTokenManager({ source: "/api/sts" });
const options: TokenManagerOptions = {
  source: new URL("https://app.example/sts"),
  request: ({ reason, scope, rejected }) => ({
    headers: { "x-why": reason, "x-scope": scope, ...(rejected === undefined ? {} : { "x-rejected": rejected }) },
    credentials: "include",
  }),
  mapReply: (reply) => (typeof reply === "string" ? atob(reply) : reply),
  deadline: 5_000,
  policy: { margin: 1_000, jitter: 0 },
  wasm: () => fetch("/upload_token_bg.wasm"),
};
const asked: TokenSource = async ({ signal, scope }) => (await fetch(`/sts?${scope}`, { signal })).json();
const tokens = fromFile({ ...options, source: asked });

export async function token(): Promise<string> {
  const controller = new AbortController();
  const token: StsToken = await tokens.getToken({ minValidity: 1_000, signal: controller.signal, scope: "a" });
  tokens.invalidate(token);
  tokens.invalidate(token.accessKeyId, "refused by OSS");
  const status: TokenStatus = tokens.status();
  const left: number = status.validFor + (status.refreshIn ?? 0);
  return `${tokens.peek()?.securityToken ?? ""}${left}`;
}

export function heard(): void {
  const off = tokens.on("refreshFailed", ({ error, usable, retryIn }) => {
    const code: UploadTokenError["code"] = error.code;
    const text: string = `${code} ${usable} ${retryIn ?? "when asked"} ${error.status ?? ""}`;
    void text;
  });
  tokens.on("rejected", ({ accessKeyId, reason }) => void [accessKeyId.length, reason?.length]);
  tokens.on("state", ({ state }) => {
    switch (state) {
      case "empty":
      case "valid":
      case "advisory":
      case "mandatory":
      case "expired":
      case "rejected":
      case "closed":
        return;
      default:
        state satisfies never;
    }
  });
  off();
  tokens.close();
}

export function failed(error: unknown): number {
  if (isUploadTokenError(error) && error.code === "throttled") return error.retryAfter ?? 0;
  return error instanceof UploadTokenError ? 1 : 2;
}

export const ofAuths = createVodUploader(AliyunUpload.Vod, {
  uploadAuth: "/api/upload-auth",
  request: ({ fileName, videoId }) => ({ headers: { "x-file": videoId ?? fileName }, credentials: "include" }),
});

export const uploader = createVodUploader(AliyunUpload.Vod, plain, {
  region: "cn-shanghai",
  perFile: (info: UploadInfo) => info.file.name,
  onUploadFailed: (info, code, message) => void [info.state, code.length, message.length],
  onUploadstarted: async (info) => {
    info.videoInfo.Title = await Promise.resolve("Film");
  },
  onTokenEvent: (event: VodTokenEvent) => {
    if (event.type === "diagnostic") return (event.missing ?? event.ignored ?? event.message) satisfies string;
    if (event.type === "refreshFailed") return event.error.code;
    return event.type === "started" ? event.waited : event.validFor;
  },
});
export const withoutTokens = createVodUploader(AliyunUpload.Vod, null, {
  uploadAuth: ({ fileName, videoId, signal }) => fetch(`/auth/${fileName}/${videoId ?? ""}`, { signal }),
  wasm,
});
export const withFile = createVodUploader(AliyunUpload.Vod, null, { uploadAuth: "/auth", wasm: file });

export async function oss(chosen: File): Promise<unknown> {
  const client = new OSS({ ...(await ossOptions(tokens, { scope: "a" })), region: "oss-cn-shanghai", bucket: "b" });
  await client.multipartUpload("a", chosen);
  const made = await createOssClient(OSS, tokens, { region: "oss-cn-shanghai", bucket: "b" });
  return made.multipartUpload("b", chosen);
}

export const [lowest, highest]: readonly [number, number] = POLICY_NUMBERS.margin;
