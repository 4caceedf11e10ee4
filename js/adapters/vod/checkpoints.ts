import { replaceMethod } from "../../bind.js";
import type { FileEntry, Files, Stored } from "./files.js";
import type { Inside } from "./inside.js";
import type { Methods } from "./methods.js";
import type { UploadInfo } from "./types.js";

/**
 * @internal Has the SDK read of a file what it stored of it itself.
 *
 * It stores checkpoints by the file's name, size and date alone, and reads them again at each start, stop and
 * cancellation. Another tab, or another uploader of the page, that sends the same file has overwritten this one's by
 * then: the file would go on in the other's object, or the other's parts be stored under this one's name. And where a
 * file was chosen twice, both would go on in one object, and only one of two videos be stored.
 */
export function ownCheckpoints(inside: Inside, files: Files): void {
  const { uploader } = inside;
  const methods = uploader as unknown as Methods;
  const save = methods["_saveCheckoutpoint"];
  const read = methods["_getCheckoutpoint"];
  const remove = methods["_removeCheckoutpoint"];
  if (!save || !read || !remove) return;

  const entryOf = (info: unknown): FileEntry | undefined => files.find(info as UploadInfo);
  const storedOf = (info: unknown): Partial<Stored> => (read(info) as Partial<Stored> | "" | undefined) || {};
  const isOthers = (info: unknown, { checkpoint }: Stored): boolean =>
    storedOf(info).checkpoint?.uploadId !== checkpoint.uploadId;
  /** Whether what is stored is of the same file in the list once more. Other tabs' and former pages' is anybody's. */
  const isTwins = (info: unknown, entry: FileEntry): boolean => {
    const uploadId = storedOf(info).checkpoint?.uploadId;
    return uploadId !== undefined && [...files].some((other) => other !== entry && other.uploadId === uploadId);
  };

  replaceMethod(uploader, "_saveCheckoutpoint", (info, checkpoint, state) => {
    const entry = entryOf(info);
    if (entry && checkpoint) {
      entry.stored = { checkpoint: checkpoint as Stored["checkpoint"], state };
      entry.uploadId = entry.stored.checkpoint.uploadId;
    }
    return save(info, checkpoint, state);
  });
  replaceMethod(uploader, "_getCheckoutpoint", (info) => {
    const entry = entryOf(info);
    const own = entry?.stored;
    if (own && isOthers(info, own)) save(info, own.checkpoint, own.state);
    if (entry && isTwins(info, entry)) return "";
    if (entry) entry.uploadId = storedOf(info).checkpoint?.uploadId;
    return read(info);
  });
  replaceMethod(uploader, "_removeCheckoutpoint", (info) => {
    const entry = entryOf(info);
    const own = entry?.stored;
    const keeps = own ? isOthers(info, own) : entry !== undefined && isTwins(info, entry);
    if (entry) entry.stored = entry.uploadId = undefined;
    if (!keeps) remove(info);
  });
}
