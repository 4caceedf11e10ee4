import { replaceMethod } from "../../bind.js";
import { invalidOption, UploadTokenError } from "../../errors.js";
import { readPlace } from "./direct.js";
import type { Files } from "./files.js";
import type { Inside } from "./inside.js";
import type { SdkUploader } from "./types.js";

type Method = (...args: unknown[]) => unknown;

/** @internal An uploader by the names of its methods. */
export type Methods = Record<string, Method | undefined>;

/** @internal Methods by which a page has the SDK write into its list, or into a file of it. */
export const WRITERS = [
  "addFile",
  "deleteFile",
  "cancelFile",
  "resumeFile",
  "cleanList",
  "startUpload",
  "stopUpload",
] as const;

/** @internal What a page puts into an immutable store is frozen there, and the SDK throws where it writes into it. */
export function unfreezing(inside: Inside, files: Files): void {
  const { uploader } = inside;
  files.attach(
    () => inside.list(),
    (info) => {
      const message = `what the SDK keeps of ${info.file.name} was frozen, and goes on as a copy; keep a copy of what you show`;
      inside.diagnose("frozen", { type: "diagnostic", info, message });
    },
  );
  for (const name of [...WRITERS, "nextUpload"]) {
    const method = (uploader as unknown as Methods)[name];
    if (!method) continue;
    replaceMethod(uploader, name, (...args) => {
      inside.list();
      files.thaw();
      return method(...args);
    });
  }
}

/**
 * @internal Arguments of `addFile` may be what the SDK wants as text. What it cannot use is refused by name.
 *
 * @param places - whether a file may have a place of its own, in direct mode.
 */
export function readArguments(uploader: SdkUploader, places: boolean): void {
  const addFile = uploader.addFile as Method;
  replaceMethod(uploader, "addFile", (...args) => {
    const [file, endpoint, bucket, object, paramData, ...rest] = args;
    checkFile(file);
    const place = places ? readPlace(endpoint, bucket, object) : [endpoint, bucket, object];
    return addFile(file, ...place, asText(paramData), ...rest);
  });
}

/** The SDK reads the kind of a file from its name. Where there is none at all, it answers `false`. */
function checkFile(file: unknown): void {
  if (!file || typeof (file as { name?: unknown }).name === "string") return;
  const isList = typeof file === "object" && Symbol.iterator in file;
  throw invalidOption(
    "file",
    isList
      ? "must be one File: call addFile() for each"
      : 'must be a File with a name: new File([blob], "a.webm", { type: blob.type })',
  );
}

function asText(paramData: unknown): unknown {
  if (!paramData) return paramData;
  let thrown: unknown;
  try {
    const text = typeof paramData === "string" ? paramData : JSON.stringify(paramData);
    const read: unknown = JSON.parse(text);
    if (typeof read === "object" && read !== null) return text;
  } catch (cause) {
    // Such as a cycle, or a BigInt.
    thrown = cause;
  }
  const message = 'paramData must be JSON text, or an object that can be: {"Vod":{"Title":"…"}}';
  throw new UploadTokenError("invalid_option", message, { cause: thrown });
}

/** @internal Gives `uploader` its `dispose()`; afterwards it takes no file and starts nothing. */
export function disposable(uploader: SdkUploader, end: () => void): void {
  let ended = false;
  const dispose = (): void => {
    if (ended) return;
    ended = true;
    end();
  };
  replaceMethod(uploader, "dispose", dispose);
  // Not in every browser yet.
  if (typeof Symbol.dispose === "symbol") replaceMethod(uploader, Symbol.dispose, () => uploader.dispose());
  for (const name of ["addFile", "startUpload"]) {
    const method = (uploader as unknown as Methods)[name];
    replaceMethod(uploader, name, (...args) => {
      if (!ended) return method?.(...args);
      throw new UploadTokenError("closed", `${name}() was called after dispose(); create a new uploader`);
    });
  }
}
