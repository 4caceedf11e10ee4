/**
 * Uploads in Vue components: a token manager and an uploader that live as long as the component does.
 *
 * @packageDocumentation
 */
import {
  computed,
  getCurrentScope,
  isRef,
  onScopeDispose,
  shallowReadonly,
  shallowRef,
  unref,
  watch,
  type ComputedRef,
  type Ref,
  type ShallowRef,
} from "vue";

import { hasPage } from "./mounts/lifetime.js";
import { TokensMount, type TokensSnapshot, type UseTokenManagerOptions } from "./mounts/tokens.js";
import {
  UploaderMount,
  type UploaderActions,
  type UploaderState,
  type UseVodUploaderOptions,
  type VodSource,
  type VodTokens,
} from "./mounts/uploader.js";
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
 * A token manager that is closed with the component's scope. On a server it asks for nothing unless it is used there.
 *
 * @example
 * ```ts
 * const { tokens, status } = useTokenManager({ source: "/api/sts" });
 * ```
 */
export function useTokenManager(options: UseTokenManagerOptions): UsedTokenManager {
  const mount = TokensMount.of(options);
  const look = (): TokensSnapshot => mount.getSnapshot(options.scope);
  const state = shallowRef(look().status);
  live(() => mount.subscribe(() => (state.value = look().status)));
  live(() => mount.mount());
  return { tokens: look().tokens, status: shallowReadonly(state), close: mount.close };
}

/**
 * An uploader of the vendor's SDK whose files are reactive. It is disposed of with the component's scope, unless
 * `keepAlive` names it. On a server there is none.
 *
 * @param Vod - `AliyunUpload.Vod`, or `{ load }`, or a ref that holds either once there is one.
 * @example
 * ```ts
 * const { tokens } = useTokenManager({ source: "/api/sts" });
 * const { files, add, start } = useVodUploader({ load: () => loadVod(addresses) }, tokens, { userId: "1303984639806000" });
 * ```
 */
export function useVodUploader(
  Vod: VodSource | Ref<VodSource>,
  tokens: VodTokens,
  options: UseVodUploaderOptions = {},
): UsedVodUploader {
  const mount = UploaderMount.of(options);
  mount.update(options);
  const state = shallowRef(mount.getSnapshot());
  live(() => mount.subscribe(() => (state.value = mount.getSnapshot())));
  if (isRef(Vod)) {
    let end: (() => void) | undefined;
    const stop = (): void => end?.();
    const begin = (): void => {
      stop();
      end = hasPage() ? mount.mount(unref(Vod), tokens) : undefined;
    };
    watch(Vod, begin, { immediate: true, flush: "sync" });
    live(() => stop);
  } else live(() => mount.mount(Vod, tokens));
  return {
    ...mount.actions,
    files: computed(() => state.value.files),
    active: computed(() => state.value.active),
    uploader: computed(() => state.value.uploader),
    loadError: computed(() => state.value.loadError),
  };
}

/** Begins something, in a page only, that ends with the scope. */
function live(begin: () => () => void): void {
  if (!hasPage()) return;
  const end = begin();
  if (getCurrentScope()) onScopeDispose(end);
}
