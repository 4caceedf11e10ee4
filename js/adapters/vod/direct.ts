import type { UploadFile } from "../../core.js";
import { invalidOption } from "../../errors.js";
import type { StsToken, TokenManager } from "../../types.js";
import type { FileEntry } from "./files.js";
import type { UploadInfo } from "./types.js";

// Direct mode: a file that is added with an endpoint, a bucket and an object goes to the page's own bucket. Its STS
// token signs OSS itself, and VOD is not asked. To the module it is a file whose UploadAuth is that token, and that has
// an id as a video has, for it is the same object however often the token is renewed.

/** @internal Where the page wants a file to go, as the SDK keeps it. */
interface Place {
  _endpoint?: unknown;
  _bucket?: unknown;
  _object?: unknown;
}

/** @internal Whether the page named the bucket and the object itself. */
export function isDirect(info: UploadInfo): boolean {
  const { _endpoint, _bucket, _object } = info as Place;
  return [_endpoint, _bucket, _object].every((part) => typeof part === "string" && part !== "");
}

/** @internal What the module is told of such a file. */
export function directFile(id: number, file: Omit<UploadFile, "scope">): Omit<UploadFile, "scope"> {
  return { ...file, isImage: false, videoId: nameOf(id) };
}

/** @internal Whether the SDK's checkpoint is of another object than the page wants now. */
export function goesElsewhere(info: UploadInfo): boolean {
  const { object } = (info.checkpoint ?? {}) as { object?: unknown };
  return object !== undefined && object !== (info as Place)._object;
}

/** @internal Answers the module: the STS token, in the form of an UploadAuth. */
export async function directAuth(
  entry: FileEntry | undefined,
  tokens: TokenManager | null,
  scope: string | undefined,
  { reason, signal }: { reason?: unknown; signal?: AbortSignal },
): Promise<object> {
  if (!entry || !tokens || scope === undefined) throw invalidOption("tokens", "must be a token manager in direct mode");
  if (reason === "rejected" && entry.signedWith !== undefined) tokens.invalidate(entry.signedWith, "OSS refused it");
  // A renewal wants another token than the file has, which the manager may go on serving, or have replaced already.
  const replaced = tokens.peek(scope)?.accessKeyId !== entry.signedWith;
  const minValidity = reason === "refresh" && !replaced ? tokens.status(scope).validFor + 1 : 0;
  const token = await tokens.getToken({ scope, minValidity, ...(signal && { signal }) });
  entry.signedWith = token.accessKeyId;
  const { _endpoint: Endpoint, _bucket: Bucket, _object: FileName } = entry.info as Place;
  return {
    uploadAuth: encoded(credential(token, tokens.status(scope).validFor)),
    uploadAddress: encoded({ Endpoint, Bucket, FileName }),
    videoId: nameOf(entry.id),
  };
}

function credential({ accessKeyId, accessKeySecret, securityToken }: StsToken, validFor: number): object {
  const seconds = String(validFor / 1000);
  return {
    AccessKeyId: accessKeyId,
    AccessKeySecret: accessKeySecret,
    SecurityToken: securityToken,
    Expiration: seconds,
  };
}

function nameOf(id: number): string {
  return `direct-${id}`;
}

/** JSON as base64 of UTF-8. */
function encoded(value: object): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(value))));
}
