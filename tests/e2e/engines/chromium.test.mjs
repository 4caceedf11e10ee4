// `npm test -- engines` runs this folder.
import { suite } from "./suite.mjs";

suite("chromium");
