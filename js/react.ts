"use client";
/**
 * Uploads in React components: a token manager and an uploader that live as long as the component does.
 *
 * @packageDocumentation
 */
import { useEffect, useMemo, useState, useSyncExternalStore } from "react";

import { TokensMount, type TokensSnapshot, type UseTokenManagerOptions } from "./mounts/tokens.js";
import {
  NOTHING,
  UploaderMount,
  type UploaderActions,
  type UploaderState,
  type UseVodUploaderOptions,
  type VodSource,
  type VodTokens,
} from "./mounts/uploader.js";
import type { TokenManager, TokenStatus } from "./types.js";

export type { FileError, FileStatus } from "./adapters/vod/observe.js";
export type { UploaderActions, UploaderState, UseTokenManagerOptions, UseVodUploaderOptions, VodSource, VodTokens };

/** What {@link useTokenManager} returns. */
export interface UsedTokenManager {
  readonly tokens: TokenManager;
  /** Another object after each event of the manager. */
  readonly status: TokenStatus;
  /** Closes the manager, also if it is kept. */
  readonly close: () => void;
}

/** What {@link useVodUploader} returns: the state of this render, and what to do. */
export interface UsedVodUploader extends UploaderState, UploaderActions {}

/**
 * A token manager that is closed when the component is unmounted. New options at a later render change nothing, but
 * the functions that are called are those of the last one.
 *
 * @example
 * ```tsx
 * const { tokens, status } = useTokenManager({ source: "/api/sts" });
 * ```
 */
export function useTokenManager(options: UseTokenManagerOptions): UsedTokenManager {
  const [mount] = useState(() => TokensMount.of(options));
  const look = (): TokensSnapshot => mount.getSnapshot(options.scope);
  const { tokens, status } = useSyncExternalStore(mount.subscribe, look, look);
  useEffect(() => mount.update(options));
  useEffect(() => mount.mount(), [mount]);
  return useMemo(() => ({ tokens, status, close: mount.close }), [tokens, status, mount]);
}

/**
 * An uploader of the vendor's SDK, and the state of its files. It is disposed of when the component is unmounted,
 * unless `keepAlive` names it. On a server there is none. New options at a later render change nothing, but the
 * callbacks that are called are those of the last one.
 *
 * @param Vod - `AliyunUpload.Vod`, or `{ load }`; `null` while there is none.
 * @example
 * ```tsx
 * const { tokens } = useTokenManager({ source: "/api/sts" });
 * const { files, add, start } = useVodUploader({ load: () => loadVod(addresses) }, tokens, { userId: "1303984639806000" });
 * ```
 */
export function useVodUploader(
  Vod: VodSource,
  tokens: VodTokens,
  options: UseVodUploaderOptions = {},
): UsedVodUploader {
  const [mount] = useState(() => UploaderMount.of(options));
  const state = useSyncExternalStore(mount.subscribe, mount.getSnapshot, () => NOTHING);
  useEffect(() => mount.update(options));
  const there = Boolean(Vod);
  const manager = tokens && "getToken" in tokens ? tokens : null;
  // Objects that are made at each render are no other sources.
  useEffect(() => mount.mount(Vod, tokens), [mount, there, manager]);
  return useMemo(() => ({ ...state, ...mount.actions }), [state, mount]);
}
