import { isAnswer, type Answer } from "./answer.js";
import type { Offered, Wanted } from "./wanted.js";

/** @internal What tabs tell each other. All of it is about one scope. */
export type Message = { readonly scope: string } &
  /** Who has a token that is news to this one? */
  (
    | ({ readonly type: "wanted" } & Wanted)
    | {
        readonly type: "answer";
        readonly answer: Answer;
        /** How long ago it was asked for, ms. */
        readonly age: number;
        /** The token that it is, of one that a manager has in hand. */
        readonly held?: Omit<Offered, "age"> | undefined;
      }
    /** A request failed without an answer. */
    | { readonly type: "failed"; readonly status?: number | undefined }
    /** A server refused this token. */
    | { readonly type: "refused"; readonly accessKeyId: string }
  );

/** A message on its way: a tab that was frozen is given what was sent meanwhile when it thaws. */
interface Sent {
  readonly message: Message;
  /** By the device's clock, which all tabs have in common. */
  readonly at: number;
}

/** @internal Carries messages between the tabs of this origin that gave the same name. */
export class Channel {
  readonly #name: string;
  readonly #hear: (message: Message) => void;
  #channel: BroadcastChannel | undefined;

  constructor(name: string, hear: (message: Message) => void) {
    this.#name = name;
    this.#hear = hear;
  }

  /** Whether it is open now: a browser that is to keep nothing for a site may refuse to open one. */
  open(): boolean {
    if (this.#channel) return true;
    try {
      this.#channel = new BroadcastChannel(this.#name);
    } catch {
      return false;
    }
    this.#channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      const message = received(data);
      if (message) this.#hear(message);
    };
    return true;
  }

  send(message: Message): void {
    this.#channel?.postMessage({ message, at: Date.now() } satisfies Sent);
  }

  close(): void {
    this.#channel?.close();
    this.#channel = undefined;
  }
}

/** Any script of this origin may send: what has not the form of a message is none. */
function received(data: unknown): Message | undefined {
  const { message, at } = (data ?? {}) as Partial<Record<keyof Sent, unknown>>;
  if (typeof message !== "object" || message === null || typeof at !== "number") return undefined;
  const said = message as Partial<Record<string, unknown>>;
  if (typeof said["scope"] !== "string") return undefined;
  const text = (name: string): boolean => typeof said[name] === "string";
  const number = (name: string): boolean => Number.isFinite(said[name]);
  switch (said["type"]) {
    case "wanted":
      return number("after") ? (message as Message) : undefined;
    case "answer": {
      if (!isAnswer(said["answer"]) || !number("age")) return undefined;
      const age = Math.max(0, said["age"] as number) + Math.max(0, Date.now() - at);
      return { ...(message as Message & { type: "answer" }), age };
    }
    case "failed":
      return message as Message;
    case "refused":
      return text("accessKeyId") ? (message as Message) : undefined;
    default:
      return undefined;
  }
}
