// Where this runs. A frame that a script wrote (`about:srcdoc`, `about:blank`) has no address of its own: the base of its
// addresses and its origin are those of the page that made it.

interface Place {
  readonly document?: { readonly baseURI?: string };
  readonly location?: { readonly href: string; readonly origin: string };
  readonly origin?: string;
}

/** @internal What `fetch` reads addresses against; `undefined` where there is no page, as in Node. */
export function baseAddress(): string | undefined {
  const { document, location } = globalThis as Place;
  return document?.baseURI ?? location?.href;
}

/** @internal Whether `url` is at this page's own site. Not by the base, which a page may set to any other. */
export function isOwnSite(url: URL): boolean {
  const { origin, location } = globalThis as Place;
  return url.origin === origin || url.origin === location?.origin;
}
