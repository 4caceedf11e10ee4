// One object put with a token, where no SDK runs: OSS's signature of version 1.

/** @param base - where the bucket is: `https://web-upload-app.oss-cn-shanghai.aliyuncs.com`, or a path that stands for it. */
export async function put(tokens, base, name, bytes) {
  const { accessKeyId, accessKeySecret, securityToken } = await tokens.getToken();
  const date = new Date().toUTCString();
  const type = "application/octet-stream";
  const headers = `x-oss-date:${date}\nx-oss-security-token:${securityToken}\n`;
  const text = `PUT\n\n${type}\n${date}\n${headers}/web-upload-app/${name}`;
  const encode = (string) => new TextEncoder().encode(string);
  const algorithm = { name: "HMAC", hash: "SHA-1" };
  const key = await crypto.subtle.importKey("raw", encode(accessKeySecret), algorithm, false, ["sign"]);
  const signature = new Uint8Array(await crypto.subtle.sign("HMAC", key, encode(text)));
  const answer = await fetch(`${base}/${name}`, {
    method: "PUT",
    body: bytes,
    headers: {
      "content-type": type,
      "x-oss-date": date,
      "x-oss-security-token": securityToken,
      authorization: `OSS ${accessKeyId}:${btoa(String.fromCharCode(...signature))}`,
    },
  });
  return answer.status;
}
