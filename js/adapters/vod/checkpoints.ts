import { replaceMethod } from "../../bind.js";
import type { FileEntry, Files } from "./files.js";
import type { Inside } from "./inside.js";
import type { Methods } from "./methods.js";
import type { UploadInfo } from "./types.js";

/** @internal What the SDK last stored of a file: ali-oss goes on adding the parts that are done to `checkpoint`. */
export interface Stored {
  readonly checkpoint: Checkpoint;
  readonly state: unknown;
}

interface Checkpoint {
  readonly uploadId?: string;
}

/**
 * @internal Has the SDK read of a file what it stored of it itself.
 *
 * It stores checkpoints by the file's name, size and date alone, and reads them again at each start, stop and
 * cancellation. Another tab, or another uploader of the page, that sends the same file has overwritten this one's by
 * then: the file would go on in the other's object, or the other's parts be stored under this one's name.
 */
export function ownCheckpoints(inside: Inside, files: Files): void {
  const { uploader } = inside;
  const methods = uploader as unknown as Methods;
  const save = methods["_saveCheckoutpoint"];
  const read = methods["_getCheckoutpoint"];
  const remove = methods["_removeCheckoutpoint"];
  if (!save || !read || !remove) return;

  const entryOf = (info: unknown): FileEntry | undefined => files.find(info as UploadInfo);
  const isOthers = (info: unknown, { checkpoint }: Stored): boolean => {
    const stored = read(info) as Partial<Stored> | "" | undefined;
    return !stored || stored.checkpoint?.uploadId !== checkpoint.uploadId;
  };

  replaceMethod(uploader, "_saveCheckoutpoint", (info, checkpoint, state) => {
    const entry = entryOf(info);
    if (entry && checkpoint) entry.stored = { checkpoint: checkpoint as Checkpoint, state };
    return save(info, checkpoint, state);
  });
  replaceMethod(uploader, "_getCheckoutpoint", (info) => {
    const own = entryOf(info)?.stored;
    if (own && isOthers(info, own)) save(info, own.checkpoint, own.state);
    return read(info);
  });
  replaceMethod(uploader, "_removeCheckoutpoint", (info) => {
    const entry = entryOf(info);
    const own = entry?.stored;
    if (entry) entry.stored = undefined;
    if (!own || !isOthers(info, own)) remove(info);
  });
}
