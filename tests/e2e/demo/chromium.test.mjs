// `npm test -- demo` runs this folder.
import { suite } from "./suite.mjs";

suite("chromium");
