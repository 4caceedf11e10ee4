import { invalidOption, UploadTokenError } from "../../errors.js";
import { arm } from "../../glue.js";
import { checkNames } from "../../misuse.js";
import { checkNumber } from "../../options.js";
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
  /** How long each of the files may take, ms from 50 to 600,000; 60,000 if not given. */
  deadline?: number;
}

interface VendorGlobals {
  OSS?: unknown;
  "ali-oss"?: unknown;
  AliyunUpload?: { Vod?: unknown };
}

/** A megabyte in a minute: a browser does not tell whether anything of a script comes. */
const DEADLINE = 60_000;
const DEADLINES = [50, 600_000] as const;

const KEYS: readonly string[] = ["oss", "vod", "nonce", "deadline"] satisfies (keyof VodScripts)[];

/** Address → the script that is under way. */
const loading = new Map<string, Promise<void>>();

/**
 * Loads the vendor's two files, one after the other, as the classic scripts that they are, and resolves with
 * `AliyunUpload.Vod`. What the page has loaded already is not loaded again.
 *
 * Imported as modules they fail in some bundlers: one is written for sloppy mode, the other looks for a global. So
 * give their addresses, as your bundler makes them of files: `?url` in Vite, `new URL(…, import.meta.url)` in
 * webpack 5, Rollup and Parcel, or files that your server has.
 *
 * @throws `UploadTokenError`: `network` if a file does not load, `timeout` if it does not come, after which another call tries
 * again, `invalid_option` if it is not the one that is meant.
 * @example
 * ```ts
 * import { loadVod } from "upload-token/vod";
 *
 * const Vod = await loadVod({ oss: "/vendor/aliyun-oss-sdk.min.js", vod: "/vendor/aliyun-upload-vod.min.js" });
 * ```
 */
export async function loadVod(scripts: VodScripts): Promise<VodConstructor> {
  if (typeof document === "undefined") throw invalidOption("loadVod()", "is for a page: there is no document here");
  if (typeof scripts !== "object" || scripts === null)
    throw invalidOption("scripts", "must be an object: { oss, vod }");
  checkNames(scripts, KEYS);
  const { oss, vod, nonce, deadline = DEADLINE } = scripts;
  checkNumber("deadline", deadline, DEADLINES);
  const page = window as unknown as VendorGlobals;
  if (!isClass(page.AliyunUpload?.Vod)) {
    if (!isClass(page.OSS)) await script("oss", { address: oss, nonce, deadline });
    if (!isClass(page.OSS)) throw missing("oss", "window.OSS");
    // The build from npm looks for ali-oss by the name of its package, the other for `OSS`.
    // An element with that id is there, too, until something else is.
    if (!isClass(page["ali-oss"])) page["ali-oss"] = page.OSS;
    await script("vod", { address: vod, nonce, deadline });
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

interface Script {
  readonly address: VodScripts["oss"];
  readonly nonce: string | undefined;
  /** In ms. */
  readonly deadline: number;
}

/** Whether a policy of the page's made it. */
function isTrusted(address: unknown): boolean {
  const { trustedTypes } = window as { trustedTypes?: { isScriptURL(value: unknown): boolean } };
  return trustedTypes?.isScriptURL(address) ?? false;
}

function script(option: "oss" | "vod", { address, nonce, deadline }: Script): Promise<void> {
  const trusted = isTrusted(address);
  if (!trusted && !(address instanceof URL) && (typeof address !== "string" || address === "")) {
    throw invalidOption(option, "must be the address of the vendor's file");
  }
  const { href } = new URL(String(address), document.baseURI);
  let loaded = loading.get(href);
  if (!loaded) {
    // What is trusted is the object: as text it would be a text like any other.
    loaded = insert(option, trusted ? (address as string) : href, { href, nonce, deadline });
    loading.set(href, loaded);
    // What has come is seen by its globals. Where it has not, or something else in its place, the next call tries again.
    const over = (): boolean => loading.delete(href);
    loaded.then(over, over);
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

interface Insertion extends Omit<Script, "address"> {
  readonly href: string;
}

/** @param source - the address as the page gave it, where that is more than a text. */
function insert(option: string, source: string, { href, nonce, deadline }: Insertion): Promise<void> {
  const { origin, pathname } = new URL(href);
  const url = `${origin}${pathname}`;
  const failed = (code: "network" | "timeout", reason: string): UploadTokenError =>
    new UploadTokenError(code, `${option}: the script did not load${reason} (GET ${url})`, { url });
  return new Promise((resolve, reject) => {
    const element = document.createElement("script");
    try {
      element.src = source;
    } catch (cause) {
      throw refused(option, cause);
    }
    if (nonce !== undefined) element.nonce = nonce;
    // The element stays: if the file comes later all the same, the next call finds what it defines.
    const disarm = arm(() => reject(failed("timeout", ` within ${deadline} ms`)), deadline);
    element.onload = () => {
      disarm();
      resolve();
    };
    element.onerror = () => {
      disarm();
      element.remove();
      const why = "is the address right, and does script-src of the Content-Security-Policy name it?";
      reject(failed("network", `; ${why}`));
    };
    document.head.append(element);
  });
}
