/** The parts of an ali-oss client by which it can be had to ask. */
interface OldClient {
  request(params: unknown): Promise<unknown>;
  options: { refreshSTSToken(): Promise<object> };
}

/**
 * @internal Has `client` ask for credentials before each request, if it is of an ali-oss that does not do so itself:
 * 6.10 and older know nothing of `refreshSTSToken`.
 */
export function haveAsk(client: object): void {
  const { request, options } = client as Partial<OldClient>;
  // Those that ask note from the beginning when they last did.
  if ("stsTokenFreshTime" in client || typeof request !== "function" || typeof options !== "object") return;
  (client as OldClient).request = async function (this: OldClient, params) {
    Object.assign(this.options, await this.options.refreshSTSToken());
    // It signs in this very turn, so that no other request changes what it signs with.
    return request.call(this, params);
  };
}
