// The AppServer of a page without a server: it asks the local cloud's STS for the role, as any AppServer does.
//
// Only a demonstration may have it in a page: whoever reads the page has the key of the account.

/** @typedef {(url: string, init: RequestInit) => Promise<Response>} Ask One request to the cloud. */

class AppServer {
  #ask;
  #key;
  #role;

  /** @param {Ask} ask @param {{ id: string, secret: string }} key @param {string} role */
  constructor(ask, key, role) {
    this.#ask = ask;
    this.#key = key;
    this.#role = role;
  }

  /** Answers `POST /api/sts` with a fresh token, in the shape of the vendor's samples. */
  async answer({ method, signal }) {
    if (method !== "POST") return Response.json({ StatusCode: 405 }, { status: 405 });
    const query = await this.#signed({ RoleArn: this.#role, RoleSessionName: "playground" });
    const answer = await this.#ask(`https://sts.aliyuncs.com/?${query}`, { method: "GET", signal });
    const { Credentials, RequestId, Code } = await answer.json();
    const headers = { "cache-control": "no-store" };
    if (!answer.ok) return Response.json({ StatusCode: 502, ErrorCode: Code }, { status: 502, headers });
    // The cloud's clock is this machine's.
    const ServerTime = new Date().toISOString();
    return Response.json({ StatusCode: 200, ...Credentials, ServerTime, RequestId }, { headers });
  }

  /** The parameters of an AssumeRole with their RPC signature (version 1.0). */
  async #signed(own) {
    const params = {
      AccessKeyId: this.#key.id,
      Action: "AssumeRole",
      Format: "JSON",
      SignatureMethod: "HMAC-SHA1",
      SignatureNonce: crypto.randomUUID(),
      SignatureVersion: "1.0",
      Timestamp: new Date().toISOString().replace(/\.\d+/, ""),
      Version: "2015-04-01",
      ...own,
    };
    const names = Object.keys(params).sort();
    const query = names.map((name) => `${encode(name)}=${encode(params[name])}`).join("&");
    const signature = await hmacSha1(`${this.#key.secret}&`, `GET&%2F&${encode(query)}`);
    return `${query}&Signature=${encode(signature)}`;
  }
}

/** RFC 3986, which encodes five characters more than JavaScript. */
function encode(text) {
  const hex = (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replace(/[!'()*]/g, hex);
}

async function hmacSha1(secret, text) {
  const bytes = (value) => new TextEncoder().encode(value);
  const algorithm = { name: "HMAC", hash: "SHA-1" };
  const key = await crypto.subtle.importKey("raw", bytes(secret), algorithm, false, ["sign"]);
  const signature = new Uint8Array(await crypto.subtle.sign("HMAC", key, bytes(text)));
  return btoa(String.fromCharCode(...signature));
}
