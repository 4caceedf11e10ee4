import { invalidOption, UploadTokenError } from "../../errors.js";
import type { VodConstructor } from "./types.js";

/** A `TrustedScriptURL`, which a policy of the page makes under Trusted Types. TypeScript does not know it in every version. */
export type TrustedAddress = object & { toString(): string };

/** The vendor's two files, for {@link loadVod}. */
export interface VodScripts {
  /** Address of ali-oss for browsers, such as `ali-oss/dist/aliyun-oss-sdk.min.js`. */
  oss: string | URL | TrustedAddress;
  /** Address of the upload SDK, such as `aliyun-upload-vod/dist/aliyun-upload-vod.min.js`. */
  vod: string | URL | TrustedAddress;
  /** For a Content-Security-Policy with nonces. */
  nonce?: string;
}

interface VendorGlobals {
  OSS?: unknown;
  "ali-oss"?: unknown;
  AliyunUpload?: { Vod?: unknown };
}

const loading = new Map<string, Promise<void>>();

/**
 * Loads the vendor's two files, one after the other, as the classic scripts that they are, and resolves with
 * `AliyunUpload.Vod`. What the page has loaded already is not loaded again.
 *
 * Imported as modules they fail in some bundlers: one is written for sloppy mode, the other looks for a global. So
 * give their addresses, as your bundler makes them of files: `?url` in Vite, `new URL(…, import.meta.url)` in
 * webpack 5, Rollup and Parcel, or files that your server has.
 *
 * @throws `UploadTokenError`: `network` if a file does not load, `invalid_option` if it is not the one that is meant.
 * @example
 * ```ts
 * import { loadVod } from "upload-token/vod";
 *
 * const Vod = await loadVod({ oss: "/vendor/aliyun-oss-sdk.min.js", vod: "/vendor/aliyun-upload-vod.min.js" });
 * ```
 */
export async function loadVod({ oss, vod, nonce }: VodScripts): Promise<VodConstructor> {
  if (typeof document === "undefined") throw invalidOption("loadVod()", "is for a page: there is no document here");
  const page = window as unknown as VendorGlobals;
  if (!isClass(page.AliyunUpload?.Vod)) {
    if (!isClass(page.OSS)) await script("oss", oss, nonce);
    if (!isClass(page.OSS)) throw missing("oss", "window.OSS");
    // The build from npm looks for ali-oss by the name of its package, the other for `OSS`.
    // An element with that id is there, too, until something else is.
    if (!isClass(page["ali-oss"])) page["ali-oss"] = page.OSS;
    await script("vod", vod, nonce);
  }
  const Vod = page.AliyunUpload?.Vod;
  if (!isClass(Vod)) throw missing("vod", "window.AliyunUpload.Vod");
  return Vod as VodConstructor;
}

function isClass(value: unknown): boolean {
  return typeof value === "function";
}

function missing(option: string, name: string): UploadTokenError {
  const amd =
    typeof (globalThis as { define?: { amd?: unknown } }).define?.amd === "undefined"
      ? ""
      : ", and neither must an AMD loader be in the page";
  return invalidOption(option, `did not define ${name}: it must be the vendor's file for script tags${amd}`);
}

type Address = VodScripts["oss"];

/** Whether a policy of the page's made it. */
function isTrusted(address: unknown): boolean {
  const { trustedTypes } = window as { trustedTypes?: { isScriptURL(value: unknown): boolean } };
  return trustedTypes?.isScriptURL(address) ?? false;
}

function script(option: "oss" | "vod", address: Address, nonce: string | undefined): Promise<void> {
  const trusted = isTrusted(address);
  if (!trusted && !(address instanceof URL) && (typeof address !== "string" || address === "")) {
    throw invalidOption(option, "must be the address of the vendor's file");
  }
  const { href } = new URL(String(address), document.baseURI);
  let loaded = loading.get(href);
  if (!loaded) {
    // What is trusted is the object: as text it would be a text like any other.
    loaded = insert(option, href, trusted ? (address as string) : href, nonce);
    loading.set(href, loaded);
    // The next call tries again.
    loaded.catch(() => loading.delete(href));
  }
  return loaded;
}

/** Trusted Types are the only reason for which a browser refuses an address. */
function refused(option: string, cause: unknown): UploadTokenError {
  const message =
    `${option}: the page's Content-Security-Policy has require-trusted-types-for 'script', which takes no text: ` +
    "give what a policy of the page makes of the address, by trustedTypes.createPolicy(name, { createScriptURL }).createScriptURL(address)";
  return new UploadTokenError("invalid_option", message, { cause });
}

function insert(option: string, href: string, source: string, nonce: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const element = document.createElement("script");
    try {
      element.src = source;
    } catch (cause) {
      throw refused(option, cause);
    }
    if (nonce !== undefined) element.nonce = nonce;
    element.onload = () => resolve();
    element.onerror = () => {
      element.remove();
      const { origin, pathname } = new URL(href);
      const url = `${origin}${pathname}`;
      reject(
        new UploadTokenError(
          "network",
          `${option}: the script did not load; is the address right, and does script-src of the Content-Security-Policy name it? (GET ${url})`,
          { url },
        ),
      );
    };
    document.head.append(element);
  });
}
