// `npm test -- js` runs this folder.
//
// A test suite of a page installs its fake timers before the package is imported, microtasks included.
import FakeTimers from "@sinonjs/fake-timers";

const clock = FakeTimers.install({ toFake: ["setTimeout", "clearTimeout", "Date", "performance", "queueMicrotask"] });
const { FAKED, lifeUnderFakeTimers } = await import("./clock.mjs");
clock.uninstall();

lifeUnderFakeTimers((config) => FakeTimers.install({ ...config, toFake: [...FAKED, "queueMicrotask"] }));
