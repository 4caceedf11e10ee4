// POST /api/sts: a token of AssumeRole for whoever is signed in.
import OSS from "ali-oss";

const { env } = process;
const client = new OSS.STS({
  accessKeyId: env.ALIBABA_CLOUD_ACCESS_KEY_ID,
  accessKeySecret: env.ALIBABA_CLOUD_ACCESS_KEY_SECRET,
  endpoint: env.STS_ENDPOINT ?? "https://sts.aliyuncs.com/",
});

/** What a page may do with a token: no more than it needs, whatever the role allows. */
const POLICY = {
  Version: "1",
  Statement: [
    {
      Effect: "Allow",
      Action: ["vod:CreateUploadVideo", "vod:RefreshUploadVideo", "vod:CreateUploadImage"],
      Resource: "*",
    },
  ],
};

/** Your own session says who asks: `undefined` is nobody. */
const userOf = (_request) => "user-1";

/** Whether a page of another site asks, with this user's cookies. */
const isForeign = (request) => !["same-origin", undefined].includes(request.get("sec-fetch-site"));

export async function sts(request, response) {
  response.set("cache-control", "no-store");
  if (isForeign(request)) return response.status(403).json({ Code: "ForeignOrigin" });
  const user = userOf(request);
  if (!user) return response.status(401).json({ Code: "NotSignedIn" });
  try {
    const { credentials } = await client.assumeRole(env.ALIBABA_CLOUD_ROLE_ARN, POLICY, 3600, user);
    response.json({ ...credentials, ServerTime: new Date().toISOString() });
  } catch ({ code = "Upstream" }) {
    // Nothing else of the error: it holds the signed request.
    response.status(502).json({ Code: code });
  }
}
