import { UploadTokenError } from "../../errors.js";
import type { Refusal } from "./files.js";
import type { UploadInfo } from "./types.js";

/** @internal Why the SDK gave a file up: `code` and `said` are its words, `refusal` is what OSS answered. */
export function gaveUp(info: UploadInfo, code: string, said: string, refusal: Refusal | undefined): UploadTokenError {
  if (code === "EmptyFile") {
    return new UploadTokenError("invalid_option", `${info.file.name} is empty; choose another file`, {
      serverCode: code,
    });
  }
  const url = objectUrl(info);
  // ali-oss quotes the address of a request, with its query, and in lines below its headers.
  const words = (said.split("\n", 1)[0] ?? "").replace(/\?[^\s"',)]*/g, "");
  const { status, requestId } = refusal ?? {};
  const detail = { serverCode: code, url, ...refusal };
  if (status === undefined) {
    const message = `OSS could not be reached, or did not answer: ${words}; start the upload again (${url})`;
    return new UploadTokenError("network", message, detail);
  }
  const request = requestId === undefined ? "" : `, request id ${requestId}`;
  const message = `OSS refused the file: ${code}: ${words}; the policies of the role and the bucket decide (${url} answered ${status}${request})`;
  return new UploadTokenError("http", message, detail);
}

/** Where the file goes, without a query. */
function objectUrl({ endpoint = "", bucket = "", object = "" }: UploadInfo): string {
  const [, scheme = "https://", host = ""] = /^(https?:\/\/)?(.*)$/.exec(endpoint) ?? [];
  return `${scheme}${bucket}.${host}/${object}`;
}

/** @internal The SDK threw `error`; without one, it did not take its credential. */
export function sdkThrew(error: unknown): UploadTokenError {
  const said =
    error === undefined
      ? "did not take its credential"
      : `threw: ${String(error instanceof Error ? error.message : error)}`;
  return new UploadTokenError("sdk_error", `the SDK ${said}; is it loaded whole, and ali-oss with it?`, {
    cause: error,
  });
}

/** @internal Whatever was thrown on the way to a credential. */
export function asError(cause: unknown): UploadTokenError {
  if (cause instanceof UploadTokenError) return cause;
  return new UploadTokenError("wasm", "the WebAssembly module failed; reload the page", { cause });
}
