import type { UploadTokenError } from "../../errors.js";
import type { TokenReason, TokenRequestOptions, TokenState, WasmSource } from "../../types.js";

/** State of a file, in the SDK's words; the SDK spells `Stoped` so. */
export type UploadState = "Ready" | "Uploading" | "Success" | "Failure" | "Canceled" | "Stoped";

/** What VOD is told of a file, by VOD's own names. */
export interface VideoInfo {
  Title?: unknown;
  Description?: unknown;
  Tags?: unknown;
  CateId?: unknown;
  CoverURL?: unknown;
  UserData?: unknown;
  TemplateGroupId?: unknown;
  WorkflowId?: unknown;
  AppId?: unknown;
  StorageLocation?: unknown;
  [field: string]: unknown;
}

/** What the SDK keeps of a file: one object for the file's life, given to every callback. */
export interface UploadInfo {
  readonly file: File;
  state: UploadState;
  /** Corrected by the helper: the SDK takes `apng-demo.mp4` for an image. */
  isImage: boolean;
  /** VOD's id of a video, once there is one. */
  videoId?: string;
  /** VOD's id of an image, once there is one. Set by the helper; the SDK never tells it. */
  imageId?: string;
  /** Address of OSS that the file is sent to, such as `https://oss-cn-shanghai.aliyuncs.com`, once it is known. */
  endpoint?: string;
  /** Bucket that the file is sent to, once it is known. */
  bucket?: string;
  /** Key of the object that the file becomes in that bucket, once it is known. */
  object?: string;
  region?: string;
  /** Share of the file that is stored, 0 to 1. */
  loaded?: number;
  /** What ali-oss goes on with: the number of the upload and the parts that are stored. Absent before there is any. */
  checkpoint?: unknown;
  /**
   * What the AppServer answered beside the credential, as plain data without secrets: a record of its own, a bucket, a
   * directory. Set by the helper, before the file is sent.
   */
  reply?: unknown;
  /** What was given as `paramData.Vod`, or nothing yet. Until the file begins it may be changed, in {@link VodCallbacks.onUploadstarted} at the latest. */
  videoInfo: VideoInfo;
}

/** The SDK's callbacks, all optional. What one throws is reported as an uncaught error and changes nothing. */
export interface VodCallbacks {
  addFileSuccess?(info: UploadInfo): void;
  /**
   * The helper answers it. A promise is waited for, within the file's `deadline`: until then the page may still change
   * `info.videoInfo`, the title and the like that VOD is told. If it rejects, the file fails with `page_error`.
   */
  onUploadstarted?(info: UploadInfo): void | PromiseLike<unknown>;
  onUploadSucceed?(info: UploadInfo): void;
  /**
   * @param code - the code of OSS or VOD (in UploadAuth mode also the AppServer's own); `EmptyFile`; a code of
   *   `UploadTokenError`; `upload_lost` if the SDK gave up without an error, and `upload_stalled` if it stopped
   *   reporting. `startUpload()` tries again.
   * @param error - the same with what there is to know beside: `status`, `serverCode`, `cause`.
   */
  onUploadFailed?(info: UploadInfo, code: string, message: string, error?: UploadTokenError): void;
  /** @param loaded - share of the file that is stored, 0 to 1. */
  onUploadProgress?(info: UploadInfo, totalSize: number, loaded: number): void;
  /**
   * The SDK calls it also for a file that was stopped, once its parts under way have ended: `info.state` is then `Stoped`
   * in place of `Canceled`.
   */
  onUploadCanceled?(info: UploadInfo, event: unknown): void;
  /** For information: the helper answers it. It comes only if OSS refused a credential. */
  onUploadTokenExpired?(info: UploadInfo, event: unknown): void;
  onUploadEnd?(info: undefined): void;
}

/** The SDK's own options. One that is empty is its default, and numbers may be texts, as input fields give them. Only `localCheckpoint` has another default here: `true`. */
export interface VodSdkOptions extends VodCallbacks {
  /** Account id; numbers as text. */
  userId?: string | number;
  /** Default `cn-shanghai`. */
  region?: string | null;
  /** Bytes; default 1,048,576. A whole number of 102,400 or more. */
  partSize?: number | string | null;
  /** How many parts of a file are sent at the same time; default 5. */
  parallel?: number | string | null;
  /** How often a request to OSS is repeated after a time-out; default 3. */
  retryCount?: number | string | null;
  /** Wait before a request is repeated, in seconds; default 2. */
  retryDuration?: number | string | null;
  /** Of one request to OSS, ms; default 60,000. */
  timeout?: number | string | null;
  /** Whether the endpoint is a domain name of the page's own, bound to the bucket; default `false`. */
  cname?: boolean;
  /** Whether checkpoints are kept in `localStorage`, so that a file goes on after a reload; default `true`. */
  localCheckpoint?: boolean;
  /** Whether the SDK reports progress to VOD. `false` has no effect: the SDK takes it for its default, `true`. */
  enableUploadProgress?: boolean;
}

/** Which UploadAuth is wanted: what the AppServer is told. */
export interface WantedUploadAuth {
  readonly title: string;
  readonly fileName: string;
  /** Bytes; of a video. */
  readonly fileSize?: number;
  /** Refresh this video rather than create one. */
  readonly videoId?: string;
  /** What the last answer for that video gave as its `ticket`, also before a reload: by it a server knows whose the video is. */
  readonly ticket?: string;
  /** Present for an image, with what the page gave about it. */
  readonly image?: { readonly imageType?: string; readonly imageExt?: string };
  /** What else the page gave as `paramData.Vod`: VOD's names with a small first letter, values as text. */
  readonly [field: string]: unknown;
}

/** What a {@link UploadAuthSource} is asked for. */
export interface UploadAuthRequest extends WantedUploadAuth {
  /** Fires when the request is no longer wanted. */
  readonly signal: AbortSignal;
  readonly reason: TokenReason;
  /** The file that was added, for its size, its hash or whatever else the AppServer needs. */
  readonly file: File;
  /** What the SDK keeps of it: one object for its life, the same as in the callbacks. */
  readonly info: UploadInfo;
}

/** What may be added to a request for an UploadAuth, whose body says which is wanted. */
export type UploadAuthRequestOptions = Omit<TokenRequestOptions, "body">;

/** Answers with `{ uploadAuth, uploadAddress, videoId, ticket? }`, or with VOD's own answer, or with a `Response` that holds either. */
export type UploadAuthSource = (request: UploadAuthRequest) => unknown;

/** Options of {@link createVodUploader}: the SDK's, and the helper's own. */
export interface VodOptions extends VodSdkOptions {
  /** UploadAuth mode: the AppServer's endpoint (POST, JSON) or a function that returns UploadAuths. STS tokens are not used then. */
  uploadAuth?: string | URL | UploadAuthSource;
  /** What is added to each request to the `uploadAuth` endpoint, or a function that returns it, which is told what is wanted. */
  request?:
    | UploadAuthRequestOptions
    | ((wanted: WantedUploadAuth) => UploadAuthRequestOptions | PromiseLike<UploadAuthRequestOptions>);
  /** Gives each file its own STS token, by a scope of its own; the next file's is fetched while one uploads. A function names the scope; it is asked once for each file, and again after `reset()`. */
  perFile?: boolean | ((info: UploadInfo) => string);
  /** How long a file waits for its credential before it fails, ms; default 30,000. */
  deadline?: number | string | null;
  /** Where VOD is, when it is not `https://vod.<region>.aliyuncs.com`. */
  endpoint?: string;
  /** Where the WebAssembly module comes from, if neither `tokens` nor the default suits. */
  wasm?: WasmSource | PromiseLike<WasmSource> | (() => WasmSource | PromiseLike<WasmSource>);
  /** Hears what happens to the files' UploadAuths. */
  onTokenEvent?(event: VodTokenEvent): void;
}

/** UploadAuth mode, in the place of a token manager. */
export interface UploadAuthMode {
  uploadAuth: NonNullable<VodOptions["uploadAuth"]>;
  request?: NonNullable<VodOptions["request"]>;
}

/** Options of UploadAuth mode. */
export type UploadAuthOptions = VodOptions & UploadAuthMode;

/** What is known of a file's UploadAuth, without secrets. Spans are in ms. */
export interface UploadAuthStatus {
  readonly state: TokenState;
  /** Number of the UploadAuth, counted from 1 for each file. */
  readonly generation: number;
  readonly accessKeyId?: string;
  /** When it ends, in ms since the epoch on the server's clock. */
  readonly expiresAt?: number;
  /** How much longer it is used: a lower bound, margin deducted. */
  readonly validFor: number;
  /** Validity it had on arrival. */
  readonly life?: number;
  /** Validity below which it is not handed out. */
  readonly margin?: number;
  /** Validity below which the SDK, if it asks for one, waits for its successor. */
  readonly mandatory?: number;
  /** Time until it is renewed. */
  readonly refreshIn?: number;
  /** Requests made so far. */
  readonly requests: number;
  /** Failures in a row. */
  readonly failures: number;
}

/**
 * What happens to a file's UploadAuth. No event holds a secret.
 *
 * - `token`: one arrived.
 * - `started`, `swapped`, `resumed`: the SDK has it: as its first answer, put into the running client, or after a refusal.
 * - `refreshFailed`: a request failed.
 * - `expired`: it ran out without a successor.
 * - `rejected`: OSS refused it.
 * - `diagnostic`: this build of the SDK lacks something that the helper uses, and what it does instead; or the page
 *   called a method that hands the SDK a credential, which is not carried out; or it froze what the SDK keeps of a file.
 *   Each is told once. Or why a file's UploadAuth is not renewed ahead, or that OSS keeps parts of a file that was
 *   cancelled.
 */
export type VodTokenEvent =
  | ({
      readonly type: "token" | "swapped" | "resumed" | "expired" | "rejected";
      readonly info: UploadInfo;
    } & UploadAuthStatus)
  | ({
      readonly type: "started";
      readonly info: UploadInfo;
      /** How long the SDK waited for its first credential, ms. */
      readonly waited: number;
      /** How much of that was for the STS token. */
      readonly waitedForToken: number;
    } & UploadAuthStatus)
  | {
      readonly type: "refreshFailed";
      readonly info: UploadInfo;
      readonly error: UploadTokenError;
      /** Failures in a row. */
      readonly failures: number;
      /** Wait before the next try, ms; absent if the next start decides. */
      readonly retryIn?: number;
      /** Whether the UploadAuth in use still works. */
      readonly usable: boolean;
    }
  | {
      readonly type: "diagnostic";
      /** The file, if it is about one. */
      readonly info?: UploadInfo;
      /** The private member that the build lacks. */
      readonly missing?: string;
      /** The method that the page called. */
      readonly ignored?: string;
      readonly message: string;
    };

/** The vendor's uploader: the real object, with the methods that its documentation names. */
export interface VodUploader {
  readonly options: VodSdkOptions & Pick<VodOptions, "onTokenEvent">;
  /**
   * With `endpoint`, `bucket` and `object`, the file goes to that object of the page's own, written with the STS token
   * itself (direct mode); VOD is not asked. Without them it goes to VOD.
   *
   * @param paramData - `{ Vod: { Title: …, CateId: … } }`, or that as JSON text; the title defaults to the file's name.
   */
  addFile(
    file: File,
    endpoint?: string | null,
    bucket?: string | null,
    object?: string | null,
    paramData?: string | { readonly Vod?: Readonly<Record<string, unknown>> } | null,
    callback?: unknown,
  ): boolean;
  deleteFile(index: number): boolean;
  cancelFile(index: number): boolean;
  resumeFile(index: number): boolean;
  cleanList(): void;
  listFiles(): UploadInfo[];
  getCheckpoint(file: File): unknown;
  startUpload(index?: number): void;
  stopUpload(): void;
  /** Stops, forgets the files, calls nothing of the page any more, and removes every listener from the window. */
  dispose(): void;
  [Symbol.dispose](): void;
}

/** `AliyunUpload.Vod`. */
export type VodConstructor = new (options: VodSdkOptions) => object;

/** @internal What the helper calls beside the above. */
export interface SdkUploader extends VodUploader {
  setUploadAuthAndAddress(
    info: UploadInfo,
    uploadAuth: string,
    uploadAddress: string,
    videoId?: string,
  ): boolean | undefined;
  resumeUploadWithAuth(uploadAuth: string): boolean;
  setSTSTokenDirectlyUpload?(info: UploadInfo, ...credential: (string | undefined)[]): boolean | undefined;
}

/** @internal What the SDK sends one file with: its own wrapper around a client of ali-oss. */
export interface Client {
  readonly oss?: { readonly options?: unknown; abortMultipartUpload?(...args: unknown[]): unknown };
  _callback?: ClientCallbacks;
  cancel?(): void;
}

/** @internal What a client tells the SDK. */
export interface ClientCallbacks {
  onerror(info: UploadInfo, error: unknown): void;
  oncomplete(info: UploadInfo, result: unknown): void;
  onprogress(info: UploadInfo, progress: unknown, answer: unknown): void;
}
