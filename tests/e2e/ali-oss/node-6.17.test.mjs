import OSS from "ali-oss-6.17";

import { inNode } from "./node.mjs";

inNode("6.17.1, Node, V1", OSS);
