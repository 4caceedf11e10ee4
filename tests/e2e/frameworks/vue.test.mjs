import { testFramework } from "./suite.mjs";

testFramework("vue");
