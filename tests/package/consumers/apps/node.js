// A program: `node node.js APPSERVER NAME`, with the bytes on standard input.
import { buffer } from "node:stream/consumers";

import { createTokenManager } from "ENTRY";
import { put } from "./put.js";

const [server, name] = process.argv.slice(2);
const tokens = createTokenManager({ source: `${server}/api/sts` });
const bucket = `${server}/__cloud/web-upload-app.oss-cn-shanghai.aliyuncs.com`;
console.log(await put(tokens, bucket, name, await buffer(process.stdin)));
tokens.close();
