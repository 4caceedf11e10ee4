import { testFramework } from "./suite.mjs";

testFramework("vue-3.3");
