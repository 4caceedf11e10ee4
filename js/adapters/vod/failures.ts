import { UploadTokenError } from "../../errors.js";
import type { FileEntry, Refusal } from "./files.js";
import type { UploadInfo } from "./types.js";

/** @internal An error as the SDK reads it. */
export interface Said {
  name?: unknown;
  code?: unknown;
  message: string;
  status?: unknown;
  requestId?: unknown;
}

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
  // What it was to be given could not be read.
  if (error instanceof UploadTokenError) return error;
  const said =
    error === undefined
      ? "did not take its credential"
      : `threw: ${String(error instanceof Error ? error.message : error)}`;
  return new UploadTokenError("sdk_error", `the SDK ${said}; is it loaded whole, and ali-oss with it?`, {
    cause: error,
  });
}

/** What the browser calls an error of reading a file. */
const UNREADABLE = ["NotReadableError", "NotFoundError"];

/**
 * @internal Why a file failed, where the SDK tells nobody: `error`, as it was thrown, has no code. `undefined` if `said`,
 * which is the same as the SDK reads it, has one.
 */
export function wordless(said: Said, error: unknown, entry: FileEntry): UploadTokenError | undefined {
  const { file } = entry.info;
  const { name, code, status, message } = said;
  if ((typeof code === "string" && code !== "") || name === "cancel") return undefined;
  if (typeof status === "number") return nobodys(entry, status);
  // A missing ETag is found by its silence: it may be of one answer alone.
  if (/etag/i.test(message)) return undefined;
  const pageError = (text: string): UploadTokenError => new UploadTokenError("page_error", text, { cause: error });
  if (UNREADABLE.includes(String(name))) {
    return pageError(
      `${file.name} can no longer be read: it was moved, changed or is on a drive that is gone; choose it again`,
    );
  }
  // After the fact: ali-oss, too, may be another window's.
  if (!((file as unknown) instanceof Blob)) {
    return pageError(
      "what was added is no File of this window; of another's, such as an iframe's, make one: new File([file], file.name)",
    );
  }
  if (entry.frozen) {
    return pageError(
      `what the SDK keeps of ${file.name} was frozen, as Immer and Redux Toolkit do; keep a copy of what you show`,
    );
  }
  return sdkThrew(error);
}

/** An answer that is not OSS's own: of a proxy, a gateway or a firewall. */
function nobodys({ info, refusal }: FileEntry, status: number): UploadTokenError {
  const url = objectUrl(info);
  const message = `what answered in the place of OSS gave no code: a proxy, or a gateway; start the upload again (${url} answered ${status})`;
  return new UploadTokenError("http", message, { url, ...refusal });
}

/** @internal Whatever was thrown on the way to a credential: by the module, or else by the SDK. */
export function asError(cause: unknown): UploadTokenError {
  if (cause instanceof UploadTokenError) return cause;
  if (cause instanceof WebAssembly.RuntimeError || isStackOverflow(cause)) {
    return new UploadTokenError("wasm", "the WebAssembly module failed; reload the page", { cause });
  }
  return sdkThrew(cause);
}

/** Firefox has a class of its own for it. */
function isStackOverflow(cause: unknown): boolean {
  return cause instanceof RangeError || (cause instanceof Error && cause.name === "InternalError");
}
