/**
 * Credential hooks for clients that sign requests themselves: the AWS SDK (OSS speaks S3), Uppy, and Tencent's COS.
 *
 * None of them imports its client. Each gives the client what it asks for, and for no longer than the client may keep
 * it, so that a token that was replaced or refused is not signed with again.
 *
 * @packageDocumentation
 */
export { cosAuthorization, type CosCredentials } from "./providers/cos.js";
export type { ProviderOptions, ProviderTokens } from "./providers/given.js";
export { s3Credentials, type S3Credentials } from "./providers/s3.js";
export { uppyCredentials, type UppyCredentials, type UppyOptions } from "./providers/uppy.js";
