import { createTokenManager } from "ENTRY";

import Uploader from "./uploader.js";

export const dynamic = "force-dynamic";

// Rendered on the server, with a token that the server asked for.
export default async function Page() {
  const tokens = createTokenManager({ source: `${process.env.APP_SERVER}/api/sts` });
  const { accessKeyId } = await tokens.getToken();
  tokens.close();
  return (
    <main>
      <p id="rendered">{accessKeyId}</p>
      <Uploader />
    </main>
  );
}
