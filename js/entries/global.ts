/**
 * All of the package as one global, `UploadToken`, for pages of classic script tags.
 *
 * @packageDocumentation
 */
export * from "./inline.js";
export * from "../adapters/vod.js";
export * from "../adapters/ali-oss.js";
