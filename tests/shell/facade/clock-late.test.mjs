// A test suite of a page installs its fake timers after the module was loaded, and used.
import FakeTimers from "@sinonjs/fake-timers";
import { createTokenManager } from "upload-token";

import { FAKED, lifeUnderFakeTimers } from "./clock.mjs";
import { counting } from "./support.mjs";

const used = createTokenManager({ source: counting() });
await used.getToken();
used.close();

lifeUnderFakeTimers((config) => FakeTimers.install({ ...config, toFake: FAKED }));
