/**
 * How much the tests' pages send at a time, bytes. OSS takes parts from 100 KB on, and the SDK's own of 1 MB keep a
 * browser and the servers beside it busy for longer than everything else in most tests.
 */
export const PART = 128 << 10;
