/**
 * Keeps the credentials of the vendor's web uploader (`AliyunUpload.Vod`) fresh.
 *
 * @packageDocumentation
 */
import { bindMethods, replaceMethod } from "../bind.js";
import { invalidOption } from "../errors.js";
import { isManager } from "../is-manager.js";
import type { TokenManager } from "../types.js";
import { callbacks, keepCallbacks } from "./vod/callbacks.js";
import { ownCheckpoints } from "./vod/checkpoints.js";
import type { FileEntry } from "./vod/files.js";
import { Host } from "./vod/host.js";
import { HOST } from "./vod/page.js";
import { Inside } from "./vod/inside.js";
import { disposable, readArguments, unfreezing } from "./vod/methods.js";
import { readOptions } from "./vod/options.js";
import { Queue } from "./vod/queue.js";
import { Runs } from "./vod/runs.js";
import { Sdk } from "./vod/sdk.js";
import { keepingUnload } from "./vod/unload.js";
import type {
  SdkUploader,
  UploadAuthMode,
  UploadAuthOptions,
  VodConstructor,
  VodOptions,
  VodSdkOptions,
  VodUploader,
} from "./vod/types.js";

export { observe, type FileError, type FileStatus, type UploadSnapshot, type UploadStore } from "./vod/observe.js";
export { loadVod, type TrustedAddress, type VodScripts } from "./vod/load.js";
export type {
  UploadAuthMode,
  UploadAuthOptions,
  UploadAuthRequest,
  UploadAuthRequestOptions,
  UploadAuthSource,
  UploadAuthStatus,
  UploadInfo,
  UploadState,
  VideoInfo,
  VodCallbacks,
  VodConstructor,
  VodOptions,
  VodSdkOptions,
  VodTokenEvent,
  VodUploader,
  WantedUploadAuth,
} from "./vod/types.js";

/**
 * Makes an uploader of the vendor's SDK that answers for its own credentials.
 *
 * It is the SDK's own object: add files to it, start and stop it as the vendor documents. The helper
 * asks VOD for each file's UploadAuth, signed with a token of `tokens`, renews it before it ends, and
 * puts the new one into the running client. No call of `setSTSToken` or `resumeUploadWith…` is needed
 * or useful. Every file ends in `onUploadSucceed`, or in `onUploadFailed` with a code and an uploader
 * that `startUpload()` restarts.
 *
 * @param Vod - `AliyunUpload.Vod`, from the script tags, from npm, or from {@link loadVod}.
 * @param tokens - where STS tokens come from; in UploadAuth mode `{ uploadAuth }`, or left out.
 * @throws `UploadTokenError` with code `invalid_option`, naming the option.
 * @example
 * ```ts
 * import { createTokenManager } from "upload-token";
 * import { createVodUploader } from "upload-token/vod";
 *
 * const tokens = createTokenManager({ source: "/api/sts" });
 * const uploader = createVodUploader(AliyunUpload.Vod, tokens, { region: "cn-shanghai", userId: "1303984639806000" });
 * uploader.addFile(file, null, null, null, JSON.stringify({ Vod: { Title: file.name } }));
 * uploader.startUpload();
 * ```
 */
export function createVodUploader(
  Vod: VodConstructor,
  tokens: TokenManager | UploadAuthMode | null | undefined,
  options: VodOptions,
): VodUploader;
/** UploadAuth mode: no STS token is used, so no token manager is needed. */
export function createVodUploader(Vod: VodConstructor, options: UploadAuthOptions): VodUploader;
export function createVodUploader(
  Vod: VodConstructor,
  source: TokenManager | UploadAuthMode | VodOptions | null | undefined,
  given?: VodOptions,
): VodUploader {
  const { tokens, page, mode } = sources(source, given);
  const options = readOptions(page, mode);
  if (typeof Vod !== "function") throw notTheSdk(Vod);
  if (options.uploadAuth === undefined && !tokens) {
    throw invalidOption("tokens", "must be a token manager, or { uploadAuth } for UploadAuth mode");
  }
  const { uploadAuth, request, perFile, deadline, endpoint, wasm, onTokenEvent, ...sdkOptions } = options;
  const host = new Host({ tokens, options, page });
  const hooks = callbacks(host);
  const made: VodSdkOptions = { localCheckpoint: true, ...sdkOptions, ...hooks };
  const { made: uploader, release } = keepingUnload(() => new Vod(made) as SdkUploader);
  if (!isUploader(uploader)) {
    release();
    throw notTheSdk(Vod);
  }
  // The order counts. Each of these replaces methods by some that call the former ones, so what comes later is called
  // first, by the page and by the SDK itself. Of startUpload(), from the SDK outwards:
  //   bindMethods   runs with the SDK's own object, and gives the others a method to replace;
  //   Queue         sees which starts the SDK takes, and whether it then asks;
  //   Sdk           is next for the other methods: what it adds needs the queue, and none of what follows;
  //   attach        has the module look when all of that is done, and not in the middle;
  //   unfreezing    gives all of them a list that can be written;
  //   disposable    refuses before anything else has happened;
  //   observe()     comes last, whenever it comes: it looks at what all of them did.
  bindMethods(uploader);
  keepCallbacks(uploader, made, hooks, host.page);
  readArguments(uploader, uploadAuth === undefined);
  const inside = new Inside(uploader, (event) => host.page.tell(event));
  ownCheckpoints(inside, host.files);
  const thrown = (entry: FileEntry, error: unknown): void => host.thrown(entry, error);
  const queue = new Queue(inside, host.files, thrown);
  const runs = new Runs(inside, host.files, queue, { thrown, lost: (entry) => host.lost(entry) });
  host.attach(new Sdk(inside, host.files, queue, runs));
  unfreezing(inside, host.files);
  replaceMethod(uploader, HOST, () => host);
  disposable(uploader, () => {
    host.dispose();
    release();
  });
  return uploader;
}

/** The token manager, the object whose callbacks are called, and what was said of UploadAuth mode beside it. */
function sources(
  source: TokenManager | UploadAuthMode | VodOptions | null | undefined,
  given: VodOptions | undefined,
): { tokens: TokenManager | null; page: VodOptions; mode: UploadAuthMode | undefined } {
  if (isManager(source)) return { tokens: source, page: given ?? {}, mode: undefined };
  if (given === undefined) return { tokens: null, page: source as VodOptions, mode: undefined };
  return { tokens: null, page: given, mode: (source ?? undefined) as UploadAuthMode | undefined };
}

function isUploader(made: SdkUploader): boolean {
  return [made.listFiles, made.stopUpload, made.setUploadAuthAndAddress, made.resumeUploadWithAuth].every(
    (method) => typeof method === "function",
  );
}

function notTheSdk(given: unknown): Error {
  const holds = typeof (given as { Vod?: unknown } | null | undefined)?.Vod === "function";
  return invalidOption("Vod", `must be the class AliyunUpload.Vod${holds ? ": the member Vod of what was given" : ""}`);
}
