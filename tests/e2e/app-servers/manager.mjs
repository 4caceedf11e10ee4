// A token manager as pages make it, with failures that follow each other quickly.
import { createTokenManager } from "../../../dist/index.js";

// What ends by itself is not ended by a clock: a busy machine starts a request of Flask's in a second.
const QUICK = { backoffBase: 10, backoffCap: 50, throttleBase: 10, waitDeadline: 60_000 };

const TOKEN = { AccessKeyId: "STS.a", AccessKeySecret: "b", SecurityToken: "c", expiresIn: 900 };
/** The load of the module counts in a caller's wait. */
const loaded = createTokenManager({ source: () => TOKEN }).getToken();

/** Calls `act(manager, warnings)` and closes it. */
export async function withManager(options, act) {
  await loaded;
  const tokens = createTokenManager({ ...options, policy: { ...QUICK, ...options.policy } });
  const warnings = [];
  // Few servers forbid caches to keep what they answer to POST, and few caches do.
  tokens.on("warning", ({ warning }) => warning === "cacheable" || warnings.push(warning));
  // Who listens need not be told on the console.
  tokens.on("refreshFailed", () => {});
  try {
    return await act(tokens, warnings);
  } finally {
    tokens.close();
  }
}

/** The error that a first call ends with. */
export const failureOf = (source, options = {}) =>
  withManager({ source, ...options }, (tokens) =>
    tokens.getToken().then(
      ({ accessKeyId }) => {
        throw new Error(`a token came: ${accessKeyId}`);
      },
      (error) => error,
    ),
  );
