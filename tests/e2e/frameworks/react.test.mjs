import { testFramework } from "./suite.mjs";

testFramework("react");
