"use client";
/**
 * Uploads in React components: a token manager and an uploader that live as long as the component does.
 *
 * @packageDocumentation
 */
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";

import { uploaderGiven, type UseVodUploaderOptions, type VodSource, type VodTokens } from "./mounts/given.js";
import { nameOf } from "./mounts/lifetime.js";
import { tokenOptions, TokensMount, type TokensSnapshot, type UseTokenManagerOptions } from "./mounts/tokens.js";
import { NOTHING, UploaderMount, type UploaderActions, type UploaderState } from "./mounts/uploader.js";
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
 * A token manager that is closed when the component is unmounted, unless `keepAlive` names it. New options at a later
 * render change nothing, but the functions that are called are those of the last one, and another name is another
 * manager.
 *
 * @throws `UploadTokenError` with code `invalid_option`, naming the option.
 * @example
 * ```tsx
 * const { tokens, status } = useTokenManager({ source: "/api/sts" });
 * ```
 */
export function useTokenManager(options: UseTokenManagerOptions): UsedTokenManager {
  const now = tokenOptions(options);
  const given = useRef(now);
  const mount = useNamed(nameOf(options), (name) => TokensMount.of(name, { current: now }));
  const look = (): TokensSnapshot => mount.getSnapshot(options.scope);
  const { tokens, status } = useSyncExternalStore(mount.subscribe, look, mount.getServerSnapshot);
  useEffect(() => void (given.current = now));
  useEffect(() => mount.mount(given), [mount]);
  return useMemo(() => ({ tokens, status, close: mount.close }), [tokens, status, mount]);
}

/**
 * An uploader of the vendor's SDK, and the state of its files. It is disposed of when the component is unmounted,
 * unless `keepAlive` names it. On a server there is none. New options at a later render change nothing, but the
 * functions that are called are those of the last one, and another name is another uploader. Of components that give
 * the same name, each one's callbacks are called.
 *
 * @param Vod - `AliyunUpload.Vod`, or `{ load }`; `null` while there is none.
 * @param tokens - the token manager, `null` while there is none; in UploadAuth mode `{ uploadAuth }`. Another manager
 *   ends what was sent with the former one.
 * @throws `UploadTokenError` with code `invalid_option`, naming the parameter or the option.
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
  const now = uploaderGiven(Vod, tokens, options);
  const given = useRef(now);
  const mount = useNamed(nameOf(options), (name) => UploaderMount.of(name, { current: now }));
  const state = useSyncExternalStore(mount.subscribe, mount.getSnapshot, () => NOTHING);
  useEffect(() => {
    given.current = now;
    mount.update();
  });
  useEffect(() => mount.mount(given), [mount]);
  return useMemo(() => ({ ...state, ...mount.actions }), [state, mount]);
}

/** What `find` finds for the name, again only for another name. */
function useNamed<T>(name: string | undefined, find: (name: string | undefined) => T): T {
  const [held, hold] = useState(() => ({ name, found: find(name) }));
  if (held.name === name) return held.found;
  const next = { name, found: find(name) };
  hold(next);
  return next.found;
}
