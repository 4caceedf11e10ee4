// As the vendor documents STS mode: a token for each of the SDK's two questions.
export function createUploader(Vod, { onUploadstarted, onUploadTokenExpired, ...options }) {
  const fetchToken = async () => (await fetch("/api/sts", { method: "POST" })).json();

  const uploader = new Vod({
    ...options,
    onUploadstarted: async (info) => {
      onUploadstarted(info);
      const token = await fetchToken();
      uploader.setSTSToken(info, token.AccessKeyId, token.AccessKeySecret, token.SecurityToken);
    },
    onUploadTokenExpired: async (info) => {
      onUploadTokenExpired(info);
      const token = await fetchToken();
      const { AccessKeyId, AccessKeySecret, SecurityToken, Expiration } = token;
      uploader.resumeUploadWithSTSToken(AccessKeyId, AccessKeySecret, SecurityToken, Expiration);
    },
  });
  return { uploader };
}
