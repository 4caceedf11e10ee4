// It asks for nothing by itself, which options alone cannot change, and uploads in parts what is in a file.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";

import OSS from "ali-oss-6.10";

import { inNode } from "./node.mjs";

const folder = mkdtempSync(join(tmpdir(), "ali-oss-"));
after(() => rmSync(folder, { recursive: true }));

function large(bytes) {
  const path = join(folder, "video.mp4");
  writeFileSync(path, bytes);
  return path;
}

inNode("6.10.0, Node, V1", OSS, {}, { kinds: ["client"], large });
