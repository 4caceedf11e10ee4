import type { ClientCredential, UploadFile } from "../../core.js";
import { invalidOption, UploadTokenError } from "../../errors.js";
import type { UploadInfo } from "./types.js";

// Direct mode: a file that is added with an endpoint, a bucket and an object goes to the page's own bucket. Its STS
// token signs OSS itself, and VOD is not asked.

/** @internal Where the page wants a file to go, as the SDK keeps it. */
interface Place {
  _endpoint?: unknown;
  _bucket?: unknown;
  _object?: unknown;
}

/** The SDK only wants to be given one; the module knows when the token ends. */
const EXPIRATION = "3600";

/**
 * @internal Endpoint, bucket and object as texts, from the arguments of `addFile`. A bucket or an object is in no use
 * without the rest: VOD would be asked for a video, whose credential is not for that place.
 */
export function readPlace(endpoint: unknown, bucket: unknown, object: unknown): unknown[] {
  const parts = Object.entries({ endpoint, bucket, object }).map(([name, part]) => [name, asName(name, part)] as const);
  const missing = parts.filter(([, part]) => !isName(part)).map(([name]) => name);
  // The endpoint alone is one for VOD's own bucket.
  const isVod = missing.includes("bucket") && missing.includes("object");
  if (missing.length > 0 && !isVod) {
    throw invalidOption(
      missing.join(" and "),
      "is missing: direct mode takes endpoint, bucket and object; for VOD leave all of them out",
    );
  }
  return parts.map(([, part]) => part);
}

function asName(name: string, part: unknown): unknown {
  if (part === undefined || part === null || part === false || typeof part === "string") return part;
  if (part instanceof URL) return part.href.replace(/\/$/, "");
  if (typeof part === "number" || part instanceof String) return String(part);
  throw invalidOption(name, "must be a text");
}

/** @internal Where the page itself wants a file to go, if it named the bucket and the object. */
export function placeOf(info: UploadInfo): UploadFile["place"] {
  const { _endpoint: endpoint, _bucket: bucket, _object: object } = info as Place;
  return isName(endpoint) && isName(bucket) && isName(object) ? { endpoint, bucket, object } : undefined;
}

/** @internal The arguments by which the SDK's methods take an STS token. */
export function partsOf({ accessKeyId, accessKeySecret, stsToken }: ClientCredential): string[] {
  return [accessKeyId, accessKeySecret, stsToken, EXPIRATION];
}

/** @internal The same in the form of an UploadAuth. */
export function asUploadAuth(credential: ClientCredential): string {
  const [AccessKeyId, AccessKeySecret, SecurityToken, Expiration] = partsOf(credential);
  return encoded({ AccessKeyId, AccessKeySecret, SecurityToken, Expiration });
}

/** @internal Where the page wants a file to go, in the form of an UploadAddress. */
export function asUploadAddress(info: UploadInfo): string {
  const { _endpoint, _bucket, _object } = info as Place;
  return encoded({ Endpoint: _endpoint, Bucket: _bucket, FileName: _object });
}

/** @internal What an UploadAddress says. */
export function addressIn(uploadAddress: string): Record<string, string> {
  try {
    const bytes = Uint8Array.from(atob(uploadAddress), (letter) => letter.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes)) as Record<string, string>;
  } catch (cause) {
    const message = "the UploadAddress cannot be read: it has to be as VOD answered it";
    throw new UploadTokenError("invalid_response", message, { cause });
  }
}

function isName(part: unknown): part is string {
  return typeof part === "string" && part !== "";
}

/** JSON as base64 of UTF-8. */
function encoded(value: object): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(value))));
}
