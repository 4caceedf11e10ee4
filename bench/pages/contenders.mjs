// Five ways to be handed the token in hand. Each is filled once from the same source and asked ever after.
import { createTokenCycler } from "token-cycler";
import { memoize } from "@smithy/property-provider";

const LIFE = 3600_000;

/** The shape that our manager hands out. */
function fresh() {
  const expiresAt = Date.now() + LIFE;
  const expiration = new Date(expiresAt).toISOString();
  return { accessKeyId: "STS.bench", accessKeySecret: "secret", securityToken: "token", expiration, expiresAt };
}

/** Our checks without a module: is there a token, is it refused, is it above its margin, is it due for refresh. */
class PureJavaScript {
  #token;
  #refreshAt = 0;
  #margin = 15_000;
  #refused = new Set();
  #refreshing;

  peek() {
    const token = this.#token;
    if (!token || this.#refused.has(token.accessKeyId)) return undefined;
    const now = Date.now();
    if (token.expiresAt - now < this.#margin) return undefined;
    if (now >= this.#refreshAt) void this.#refresh();
    return token;
  }

  getToken() {
    const token = this.peek();
    return token ? Promise.resolve(token) : this.#refresh();
  }

  #refresh() {
    this.#refreshing ??= Promise.resolve(fresh()).then((token) => {
      this.#refreshing = undefined;
      this.#refreshAt = Date.now() + LIFE * 0.75;
      return (this.#token = token);
    });
    return this.#refreshing;
  }
}

/** Name → what is asked, `peek` (synchronous) where there is such a thing. `createTokenManager` is ours. */
export async function contenders(createTokenManager) {
  const source = async () => {
    const { accessKeyId, accessKeySecret, securityToken, expiration } = fresh();
    const ServerTime = new Date().toISOString();
    const [AccessKeyId, AccessKeySecret, SecurityToken] = [accessKeyId, accessKeySecret, securityToken];
    return { AccessKeyId, AccessKeySecret, SecurityToken, Expiration: expiration, ServerTime };
  };
  const manager = createTokenManager({ source });
  const pure = new PureJavaScript();
  const memoized = memoize(
    async () => fresh(),
    (token) => token.expiresAt - Date.now() < 300_000,
    () => true,
  );
  const cycler = createTokenCycler({
    getToken: async () => ({ token: "token", expiresOnTimestamp: Date.now() + LIFE }),
  });
  const none = {};
  const entries = {
    "pure JavaScript class": { peek: () => pure.peek(), get: () => pure.getToken() },
    "upload-token": { peek: () => manager.peek(), get: () => manager.getToken() },
    "@smithy/property-provider memoize": { get: () => memoized() },
    "@azure/core-rest-pipeline token cycler": { get: () => cycler([], none) },
  };
  for (const { get } of Object.values(entries)) await get();
  if (!manager.peek() || !pure.peek()) throw new Error("no token in hand: the comparison would be of nothing");
  return entries;
}
