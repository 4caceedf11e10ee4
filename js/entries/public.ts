// What every entry exports beside its createTokenManager.
export {
  isUploadTokenError,
  UploadTokenError,
  type UploadTokenErrorCode,
  type UploadTokenErrorDetail,
} from "../errors.js";
export { POLICY_NUMBERS, type RefreshPolicy } from "../policy.js";
export type {
  GetTokenOptions,
  RefreshFailedEvent,
  ScopedEvent,
  StsToken,
  TokenEvent,
  TokenManager,
  TokenManagerEvents,
  TokenManagerOptions,
  TokenReason,
  TokenRequest,
  TokenRequestOptions,
  TokenSource,
  TokenState,
  TokenStatus,
  WasmSource,
} from "../types.js";
