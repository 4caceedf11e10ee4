/** @internal A source's answer as it goes from tab to tab. The manager that gets it reads it as an AppServer's. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** What an answer says of a credential's life beside its body. */
const HEADERS = ["retry-after", "date", "cache-control", "age"];

/** Largest answer that is shared, in characters. The module reads none of more bytes. */
const LARGEST = 256 << 10;

const LONGEST_HEADER = 1024;

/** Statuses of answers that cannot have a body. */
const WITHOUT_BODY = [204, 205, 304];

/** What stands in for the headers of an answer that has none. */
const PLAIN = { status: 200, headers: { "cache-control": "no-store" } };

/** @internal What `value`, which a source gave, is as an answer; `undefined` if it is none, and is left as it was. */
export async function answerOf(value: unknown): Promise<Answer | undefined> {
  if (isResponse(value)) {
    const { status } = value;
    if (!isStatus(status)) return undefined;
    const headers: Record<string, string> = {};
    for (const name of HEADERS) {
      const header = value.headers?.get(name);
      if (header) headers[name] = header;
    }
    return { status, headers, text: WITHOUT_BODY.includes(status) ? "" : await value.text() };
  }
  // A client's own object for an answer: only the module knows them all.
  if (isWholeAnswer(value)) return undefined;
  const text = typeof value === "string" ? value : carried(value);
  return text === undefined ? undefined : { ...PLAIN, text };
}

/**
 * @internal The answer for a manager that asked `age` ms after it was asked for.
 *
 * The module takes `Age` off a duration. With the mark it also adds it to the server's clock, which an answer that a
 * cache has held does not tell.
 */
export function responseOf({ status, headers, text }: Answer, age = 0): Response {
  const seconds = age / 1000;
  const held = Number(headers["age"]);
  const aged = held > 0 ? String(Math.ceil(held + seconds)) : `${seconds.toFixed(3)};shared`;
  const all = held > 0 || age > 0 ? { ...headers, age: aged } : headers;
  return new Response(text === "" ? null : text, { status, headers: all });
}

/** @internal Whether `value` is an answer that tabs share: neither rubbish from the channel nor larger than any is read. */
export function isAnswer(value: unknown): value is Answer {
  if (typeof value !== "object" || value === null) return false;
  const { status, headers, text } = value as Partial<Record<keyof Answer, unknown>>;
  return (
    isStatus(status) &&
    typeof text === "string" &&
    text.length <= (WITHOUT_BODY.includes(status) ? 0 : LARGEST) &&
    typeof headers === "object" &&
    headers !== null &&
    Object.entries(headers).every(
      ([name, header]) => HEADERS.includes(name) && typeof header === "string" && header.length <= LONGEST_HEADER,
    )
  );
}

function isStatus(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 200 && (value as number) <= 599;
}

/** @internal By its members: it may be another realm's, or a polyfill's. */
export function isResponse(value: unknown): value is Response {
  const { status, text } = (value ?? {}) as Partial<Response>;
  return typeof status === "number" && typeof text === "function";
}

/** Such as that of axios, with the body beside its status and headers. */
function isWholeAnswer(value: unknown): boolean {
  const { status, statusCode = status, headers } = (value ?? {}) as Record<string, unknown>;
  return typeof statusCode === "number" && typeof headers === "object" && headers !== null;
}

function carried(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
