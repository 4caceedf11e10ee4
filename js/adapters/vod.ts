/**
 * Keeps the credentials of the vendor's web uploader (`AliyunUpload.Vod`) fresh.
 *
 * @packageDocumentation
 */
import { invalidOption } from "../errors.js";
import { checkUrl } from "../options.js";
import type { TokenManager } from "../types.js";
import { callbacks } from "./vod/callbacks.js";
import { Host } from "./vod/host.js";
import { Sdk } from "./vod/sdk.js";
import { keepingUnload } from "./vod/unload.js";
import type { SdkUploader, VodConstructor, VodOptions, VodSdkOptions, VodUploader } from "./vod/types.js";

export type {
  UploadAuthRequest,
  UploadAuthSource,
  UploadAuthStatus,
  UploadInfo,
  UploadState,
  VodCallbacks,
  VodConstructor,
  VodOptions,
  VodSdkOptions,
  VodTokenEvent,
  VodUploader,
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
 * @param Vod - `AliyunUpload.Vod`, from the script tag or from npm.
 * @param tokens - where STS tokens come from; may be `null` if `options.uploadAuth` and `options.wasm` are given.
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
export function createVodUploader(Vod: VodConstructor, tokens: TokenManager | null, options: VodOptions): VodUploader {
  check(Vod, tokens, options);
  const { uploadAuth, request, perFile, deadline, endpoint, wasm, onTokenEvent, ...sdkOptions } = options;
  const host = new Host(tokens, options);
  const made: VodSdkOptions = { localCheckpoint: true, ...sdkOptions, ...callbacks(host) };
  const uploader = keepingUnload(() => new Vod(made)) as SdkUploader;
  if (!isUploader(uploader)) throw new TypeError(NOT_THE_SDK);
  host.attach(new Sdk(uploader, (event) => host.page.tell(event)));
  return uploader;
}

const NOT_THE_SDK = "Vod must be the class AliyunUpload.Vod";

function isUploader(made: SdkUploader): boolean {
  return [made.listFiles, made.stopUpload, made.setUploadAuthAndAddress, made.resumeUploadWithAuth].every(
    (method) => typeof method === "function",
  );
}

function check(Vod: VodConstructor, tokens: TokenManager | null, options: VodOptions): void {
  if (typeof Vod !== "function") throw new TypeError(NOT_THE_SDK);
  if (typeof options !== "object" || options === null) throw new TypeError("options must be an object");
  const { uploadAuth, deadline, endpoint, partSize, region, wasm } = options;
  if (uploadAuth === undefined && typeof tokens?.getToken !== "function") {
    throw invalidOption("tokens", "must be a token manager, unless options.uploadAuth is given");
  }
  if (tokens === null && wasm === undefined) {
    throw invalidOption("wasm", 'must be given without a token manager: `import { wasm } from "upload-token"`');
  }
  if (uploadAuth !== undefined && typeof uploadAuth !== "function") checkUrl("uploadAuth", uploadAuth);
  if (region !== undefined && !/^[a-z0-9-]+$/.test(region))
    throw invalidOption("region", "must be an id such as cn-shanghai");
  if (deadline !== undefined && !(Number.isInteger(deadline) && deadline >= 50 && deadline <= 600_000)) {
    throw invalidOption("deadline", "must be a whole number from 50 to 600000");
  }
  if (endpoint !== undefined) checkUrl("endpoint", endpoint);
  if (endpoint !== undefined && /[?#]|\/$/.test(endpoint))
    throw invalidOption("endpoint", "must not end in / or hold a query");
  if (partSize !== undefined && !(Number.isInteger(partSize) && partSize >= 102_400)) {
    throw invalidOption("partSize", "must be a whole number of bytes, 102400 or more");
  }
}
