// The demo: an AppServer, a local cloud in place of Alibaba Cloud, and a page that uploads through the real SDK.
//
//   npm start                  serve it until ctrl-C (`-- --port 9000` for another port than 8787)
//   npm start -- --headless    upload a file in a headless browser, print what happened, and end
//   npm start -- --record      make the README's picture of the page, `docs/demo.gif` and `docs/demo.png`
import { parseArgs } from "node:util";

import { build } from "./build.mjs";
import { demo } from "./headless.mjs";
import { buildAppServer, EXAMPLE_KEY, startAppServer } from "./lib/app-server.mjs";
import { command, Failure } from "./lib/run.mjs";
import { setup } from "./setup.mjs";

await command(async () => {
  const { values } = parseArgs({
    options: {
      headless: { type: "boolean", default: false },
      record: { type: "boolean", default: false },
      port: { type: "string", default: "8787" },
    },
  });
  await setup({ browser: values.headless || values.record });
  await build();
  await buildAppServer();
  if (values.headless) await demo();
  else if (values.record) await (await import("./record.mjs")).record();
  else await serve(values.port);
});

async function serve(port) {
  const server = await startAppServer({
    listen: `127.0.0.1:${port}`,
    env: { UPLOAD_TOKEN_LOCAL_ACCESS_KEY: EXAMPLE_KEY },
    onLog: (line) => console.error(line),
  });
  // The terminal sends ctrl-C to the server as well: this process only has to outlive it.
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, server.stop);
  console.log(`
  ${server.http}/

  Open it in a browser and press the button: one file, as the vendor documents it and with upload-token.
  The page sets how long credentials live and what goes wrong; nothing leaves this machine. ctrl-C ends it.
`);
  const code = await server.ended;
  if (code !== 0) throw new Failure(`the AppServer ended with exit code ${code}`);
}
