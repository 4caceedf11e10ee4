// `npm test -- frameworks` runs this folder.
import { testFramework } from "./suite.mjs";

testFramework("react-18");
