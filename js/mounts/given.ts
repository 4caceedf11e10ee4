import type { UploadAuthMode, VodConstructor, VodOptions } from "../adapters/vod/types.js";
import { invalidOption } from "../errors.js";
import { isManager } from "../is-manager.js";
import type { TokenManager } from "../types.js";

/**
 * `AliyunUpload.Vod`, or how to come by it. `null` while there is none. `load` is called in a page only, and once; if it
 * failed, again when a file is added or a start is wanted.
 */
export type VodSource = VodConstructor | { load(): VodConstructor | PromiseLike<VodConstructor> } | null | undefined;

/**
 * Where the credentials of `useVodUploader` come from: as the second argument of `createVodUploader`. Without
 * `uploadAuth`, `null` means that there is no manager yet: what is added waits for one, and what is under way goes on.
 */
export type VodTokens = TokenManager | UploadAuthMode | null | undefined;

/** Options of `useVodUploader`. */
export interface UseVodUploaderOptions extends VodOptions {
  /**
   * A name under which the uploader outlives the component, and goes on with its files: whoever mounts next with the
   * same name finds it. The token manager has to live as long. Without it, or with `false`, `null` or `""`, uploads are
   * stopped and the uploader is disposed of with the component.
   */
  keepAlive?: string | false | null;
}

/** @internal What a component gives for its uploader. */
export interface UploaderGiven {
  readonly Vod: VodSource;
  readonly tokens: VodTokens;
  /** With what was said of UploadAuth mode in the place of a manager. */
  readonly options: VodOptions;
}

/** @internal What the hooks were given, checked: what is no mistake of `createVodUploader` is one of theirs. */
export function uploaderGiven(Vod: VodSource, tokens: VodTokens, given: UseVodUploaderOptions): UploaderGiven {
  checkVod(Vod);
  if (typeof given !== "object" || given === null) {
    throw invalidOption("options", "must be an object; functions of it are called as they were given last");
  }
  const { keepAlive: _, ...options } = given;
  const mode = tokens ?? {};
  if (isManager(mode)) return { Vod, tokens, options };
  // What the mode has without a value does not take the place of an option.
  const own = { ...options, ...Object.fromEntries(Object.entries(mode).filter(([, value]) => value !== undefined)) };
  const isMode = typeof mode === "object" && !("then" in mode);
  if (isMode && (tokens == null || "uploadAuth" in { ...options, ...mode })) return { Vod, tokens, options: own };
  throw invalidOption(
    "tokens",
    "must be a token manager, { uploadAuth } for UploadAuth mode, or null while there is none",
  );
}

function checkVod(Vod: unknown): void {
  if (Vod === null || Vod === undefined) return;
  const { load, Vod: inner } = Vod as { load?: unknown; Vod?: unknown };
  // An arrow function makes nothing with `new`: it is how to load the SDK.
  if (typeof Vod === "function" && Vod.prototype !== undefined) return;
  if (typeof Vod === "object" && typeof load === "function") return;
  const hint = typeof inner === "function" ? "; the member Vod of what was given is meant" : "";
  throw invalidOption("Vod", `must be the class AliyunUpload.Vod, or { load: () => loadVod(addresses) }${hint}`);
}

/** @internal Whether it is known where the credentials come from. */
export function isReady({ tokens, options }: UploaderGiven): boolean {
  return isManager(tokens) || Boolean(options.uploadAuth);
}

/** @internal Also of one that a framework has wrapped: its methods are its own, and are not wrapped. */
export function isSameManager(one: TokenManager, other: TokenManager): boolean {
  return one === other || (Object.hasOwn(one, "getToken") && one.getToken === other.getToken);
}
