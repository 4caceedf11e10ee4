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

/** @internal What `value`, which a source gave, is as an answer; `undefined` if it is none that tabs can share. */
export async function answerOf(value: unknown): Promise<Answer | undefined> {
  if (isResponse(value)) return described(value.status, value.headers, () => value.text());
  const client = clientAnswer(value);
  if (client) return described(client.status, client.headers, () => carried(client.body));
  // What an error tells of an answer is the module's to find, and JSON has nothing of it.
  const text = value instanceof Error ? undefined : carried(value);
  return text === undefined ? undefined : { ...PLAIN, text };
}

async function described(
  status: number,
  given: object | undefined,
  body: () => string | undefined | Promise<string>,
): Promise<Answer | undefined> {
  if (!isStatus(status)) return undefined;
  const headers: Record<string, string> = {};
  for (const name of HEADERS) {
    const header = headerOf(given, name);
    if (header) headers[name] = header;
  }
  const text = WITHOUT_BODY.includes(status) ? "" : await body();
  return text === undefined ? undefined : { status, headers, text };
}

/** Some clients have headers as a plain object, in small letters. */
function headerOf(headers: object | undefined, name: string): string | undefined {
  const { get, [name]: plain } = (headers ?? {}) as Partial<Record<string, unknown>>;
  const header: unknown = typeof get === "function" ? Reflect.apply(get, headers, [name]) : plain;
  return typeof header === "string" ? header : undefined;
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

/** An answer as a client has it. */
interface ClientAnswer {
  readonly status: number;
  readonly headers: object;
  readonly body: unknown;
}

/**
 * The answer of axios, got, superagent or their like, given whole, as the module knows one. Plain data of that form is a
 * body itself.
 */
function clientAnswer(value: unknown): ClientAnswer | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { status, statusCode, headers, header, config, data, body, text } = value as Partial<Record<string, unknown>>;
  const named = [status, statusCode].find((code) => typeof code === "number");
  const given = [headers, header].find(isObject);
  if (named === undefined || !given || !(isObject(config) || !isPlain(value))) return undefined;
  const bodies = [data, body, text].filter((part) => part !== undefined);
  const there = bodies.find((part) => !(isPlain(part) && Object.keys(part).length === 0)) ?? bodies[0];
  return { status: named, headers: given, body: there ?? "" };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Whether it was written as `{…}`. */
function isPlain(value: unknown): value is object {
  return isObject(value) && Object.getPrototypeOf(value)?.constructor === Object;
}

/** A value as JSON would carry it, and a text as it is. */
function carried(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  try {
    return JSON.stringify(value, (_name, part: unknown) => (typeof part === "bigint" ? numberOf(part) : part));
  } catch {
    return undefined;
  }
}

/** The number that a `BigInt` is, as protobuf has it, or its digits if it is larger than numbers are exact. */
function numberOf(large: bigint): number | string {
  return Number.isSafeInteger(Number(large)) ? Number(large) : String(large);
}
