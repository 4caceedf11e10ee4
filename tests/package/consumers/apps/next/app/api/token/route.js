import { createTokenManager } from "ENTRY";

export async function GET() {
  const tokens = createTokenManager({ source: `${process.env.APP_SERVER}/api/sts` });
  const { accessKeyId } = await tokens.getToken();
  tokens.close();
  return Response.json({ accessKeyId });
}
