/**
 * Uploads in Vue components: a token manager and an uploader that live as long as the component does.
 *
 * @packageDocumentation
 */
import {
  computed,
  getCurrentInstance,
  getCurrentScope,
  isRef,
  onMounted,
  onScopeDispose,
  shallowReadonly,
  shallowRef,
  toRaw,
  unref,
  watch,
  type ComputedRef,
  type Ref,
  type ShallowRef,
} from "vue";

import { isReady, uploaderGiven, type UseVodUploaderOptions, type VodSource, type VodTokens } from "./mounts/given.js";
import { hasPage, nameOf } from "./mounts/lifetime.js";
import { tokenOptions, TokensMount, type UseTokenManagerOptions } from "./mounts/tokens.js";
import { NOTHING, UploaderMount, type UploaderActions, type UploaderState } from "./mounts/uploader.js";
import { invalidOption } from "./errors.js";
import type { TokenManager, TokenStatus } from "./types.js";

export type { FileError, FileStatus } from "./adapters/vod/observe.js";
export type { UploaderActions, UseTokenManagerOptions, UseVodUploaderOptions, VodSource, VodTokens };

/** What {@link useTokenManager} returns. */
export interface UsedTokenManager {
  readonly tokens: TokenManager;
  /** Changes with each event of the manager. */
  readonly status: Readonly<ShallowRef<TokenStatus>>;
  /** Closes the manager, also if it is kept. */
  close(): void;
}

/** What {@link useVodUploader} returns: each part of the state is a ref. */
export interface UsedVodUploader extends UploaderActions {
  readonly files: ComputedRef<UploaderState["files"]>;
  /** Whether a file is being sent, or waits for its credential. */
  readonly active: ComputedRef<boolean>;
  /** The SDK's own uploader, once there is one. */
  readonly uploader: ComputedRef<UploaderState["uploader"]>;
  /** Why there is none. */
  readonly loadError: ComputedRef<unknown>;
}

/**
 * A token manager that is closed with the component's scope, unless `keepAlive` names it. On a server it asks for
 * nothing unless it is used there.
 *
 * @throws `UploadTokenError` with code `invalid_option`, naming the option.
 * @example
 * ```ts
 * const { tokens, status } = useTokenManager({ source: "/api/sts" });
 * ```
 */
export function useTokenManager(options: UseTokenManagerOptions): UsedTokenManager {
  refuseRef(options);
  const given = { current: tokenOptions(options) };
  const mount = TokensMount.of(nameOf(options), given);
  const look = (): TokenStatus => mount.getSnapshot(options.scope).status;
  const status = shown(mount, look, () => mount.getServerSnapshot().status);
  live(() => mount.mount(given));
  return { tokens: mount.getSnapshot().tokens, status: shallowReadonly(status), close: mount.close };
}

/**
 * An uploader of the vendor's SDK whose files are reactive. It is disposed of with the component's scope, unless
 * `keepAlive` names it. On a server there is none. Of components that give the same name, each one's callbacks are
 * called.
 *
 * @param Vod - `AliyunUpload.Vod`, or `{ load }`, or a ref that holds either once there is one.
 * @param tokens - the token manager, or in UploadAuth mode `{ uploadAuth }`, or a ref that holds either once there is
 *   one. Another manager in it ends what was sent with the former one.
 * @throws `UploadTokenError` with code `invalid_option`, naming the parameter or the option.
 * @example
 * ```ts
 * const { tokens } = useTokenManager({ source: "/api/sts" });
 * const { files, add, start } = useVodUploader({ load: () => loadVod(addresses) }, tokens, { userId: "1303984639806000" });
 * ```
 */
export function useVodUploader(
  Vod: VodSource | Ref<VodSource>,
  tokens: VodTokens | Ref<VodTokens>,
  options: UseVodUploaderOptions = {},
): UsedVodUploader {
  refuseRef(options);
  const now = () => uploaderGiven(unref(Vod), toRaw(unref(tokens)), options);
  const given = { current: now() };
  if (!isRef(tokens) && !isReady(given.current)) {
    throw invalidOption(
      "tokens",
      "must be a token manager, { uploadAuth } for UploadAuth mode, or a ref while there is none",
    );
  }
  const mount = UploaderMount.of(nameOf(options), given);
  const state = shown(mount, mount.getSnapshot, () => NOTHING);
  live(() => mount.mount(given));
  const update = (): void => {
    given.current = now();
    mount.update();
  };
  live(() => watch([Vod, tokens].filter(isRef), update, { flush: "sync" }));
  return {
    ...mount.actions,
    files: computed(() => state.value.files),
    active: computed(() => state.value.active),
    uploader: computed(() => state.value.uploader),
    loadError: computed(() => state.value.loadError),
  };
}

/** A ref of what there is to see, which begins as `atServer` where a page takes up what a server has rendered. */
function shown<S>(
  { subscribe }: { subscribe(listener: () => void): () => void },
  look: () => S,
  atServer: () => S,
): ShallowRef<S> {
  // A component is set up with an element only where one is there already.
  let hydrates = Boolean(getCurrentInstance()?.vnode.el);
  const state = shallowRef(hydrates ? atServer() : look()) as ShallowRef<S>;
  const show = (): void => {
    if (!hydrates) state.value = look();
  };
  live(() => subscribe(show));
  if (hydrates) {
    onMounted(() => {
      hydrates = false;
      show();
    });
  }
  return state;
}

/** Its members are read once, and a later value would not be seen. */
function refuseRef(options: unknown): void {
  if (isRef(options)) throw invalidOption("options", "must be an object, and not a ref");
}

/** Begins something, in a page only, that ends with the scope. */
function live(begin: () => () => void): void {
  if (!hasPage()) return;
  const end = begin();
  if (getCurrentScope()) onScopeDispose(end);
}
