// The integration that the vendor documents for STS mode, written anew: a token is fetched for each question of
// the SDK and handed over, with the documented call for each of the two questions.

/** @returns the uploader, made by `make`. */
export function documented(
  Vod,
  { onUploadstarted, onUploadTokenExpired, ...options },
  make = (Vod, options) => new Vod(options),
) {
  const token = () => fetch("/api/sts", { method: "POST" }).then((answer) => answer.json());
  const uploader = make(Vod, {
    ...options,
    onUploadstarted(info) {
      onUploadstarted?.(info);
      token().then(({ AccessKeyId, AccessKeySecret, SecurityToken }) => {
        uploader.setSTSToken(info, AccessKeyId, AccessKeySecret, SecurityToken);
      });
    },
    onUploadTokenExpired(info, event) {
      onUploadTokenExpired?.(info, event);
      token().then(({ AccessKeyId, AccessKeySecret, SecurityToken, Expiration }) => {
        uploader.resumeUploadWithSTSToken(AccessKeyId, AccessKeySecret, SecurityToken, Expiration);
      });
    },
  });
  return uploader;
}
