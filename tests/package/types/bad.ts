// What must not compile: the compiler fails if one of these lines does.
import { createTokenManager, UploadTokenError, type StsToken } from "upload-token";
import { createVodUploader } from "upload-token/vod";

declare const AliyunUpload: { Vod: new (options: object) => object };

// @ts-expect-error a source is needed
createTokenManager({});
// @ts-expect-error no such option
createTokenManager({ source: "/sts", endpoint: "/sts" });
// @ts-expect-error an address or a function
createTokenManager({ source: 1 });
// @ts-expect-error no such number
createTokenManager({ source: "/sts", policy: { marginn: 1 } });
// @ts-expect-error a number
createTokenManager({ source: "/sts", policy: { margin: "1" } });
// @ts-expect-error undefined is not the same as absent
createTokenManager({ source: "/sts", deadline: undefined });

const tokens = createTokenManager({ source: "/sts" });
// @ts-expect-error no such event
tokens.on("tokens", () => {});
// @ts-expect-error an event without an error
tokens.on("token", ({ error }) => error);
// @ts-expect-error milliseconds
void tokens.getToken({ minValidity: "1s" });
// @ts-expect-error a promise
const token: StsToken = tokens.getToken();
// @ts-expect-error its five values stay together
token.accessKeyId = "";
// @ts-expect-error it may be absent
tokens.peek().accessKeyId satisfies string;
// @ts-expect-error nothing else is a token
tokens.invalidate({});
// @ts-expect-error the codes are known
new UploadTokenError("teapot", "") satisfies Error;

// @ts-expect-error the class of the SDK
createVodUploader({}, tokens, {});
// @ts-expect-error answered by the helper, with the SDK's own parameters
createVodUploader(AliyunUpload.Vod, tokens, { onUploadSucceed: (info: string) => info });
// @ts-expect-error the body is the helper's
createVodUploader(AliyunUpload.Vod, tokens, { uploadAuth: "/auth", request: { body: "" } });
// @ts-expect-error bytes
createVodUploader(AliyunUpload.Vod, tokens, { partSize: true });
