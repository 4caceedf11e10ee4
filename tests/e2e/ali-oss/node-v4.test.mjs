import OSS from "ali-oss";

import { inNode } from "./node.mjs";

inNode("6.23.0, Node, V4", OSS, { authorizationV4: true });
