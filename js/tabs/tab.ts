import { ATTACH, type AttachedSource } from "../attach.js";
import type { TokenManager, TokenRequest, TokenSource } from "../types.js";
import { answerOf, isAnswer, responseOf, type Answer } from "./answer.js";
import { Channel, type Message } from "./channel.js";
import { locked } from "./lock.js";
import { Waiting } from "./waiting.js";

/** How long a tab that is about to ask listens for a token that another tab has, ms. */
const GRACE = 100;

/** The scopes that an uploader makes of its files: in each tab they are of others. */
const OF_ONE_FILE = /^file:\d+$/;

/** An answer, and how long ago it was asked for, in ms. */
interface Given {
  readonly answer: Answer;
  readonly age: () => number;
}

/**
 * @internal One tab's part in the sharing.
 *
 * Who wants a token says so, and takes what another tab's manager has in hand. If none has one that is newer, the lock
 * decides who asks; the others hear the answer. Whoever waits for the lock for too long passes it by.
 */
export class Tab {
  readonly source: TokenSource & AttachedSource = Object.assign((request: TokenRequest) => this.#share(request), {
    [ATTACH]: (tokens: TokenManager) => this.#attach(tokens),
  });
  readonly #ask: TokenSource;
  readonly #name: string;
  readonly #patience: number;
  readonly #channel: Channel;
  readonly #waiting = new Set<Waiting>();
  /** By scope, the answer that this tab's manager was given last. */
  readonly #given = new Map<string, Given>();
  /** By scope, the answer behind the token that this tab's manager has in hand. */
  readonly #held = new Map<string, Given & { readonly accessKeyId: string }>();
  /** Weak: an open channel must not keep a manager that the page has dropped. */
  #tokens: WeakRef<TokenManager> | undefined;
  /** The token of whose refusal another tab has told. */
  #told = "";

  constructor(ask: TokenSource, name: string, patience: number) {
    this.#ask = ask;
    this.#name = name;
    this.#patience = patience;
    this.#channel = new Channel(`upload-token ${JSON.stringify(name)}`, (message) => this.#hear(message));
  }

  /** Learns which tokens the manager takes, and which a server refuses. */
  #attach(tokens: TokenManager): () => void {
    const own = (this.#tokens = new WeakRef(tokens));
    const ends = [
      tokens.on("token", ({ scope, accessKeyId }) => {
        const given = this.#given.get(scope);
        if (given) this.#held.set(scope, { ...given, accessKeyId });
      }),
      tokens.on("rejected", ({ scope, accessKeyId }) => {
        this.#held.delete(scope);
        if (accessKeyId !== this.#told) this.#channel.send({ type: "refused", scope, accessKeyId });
      }),
    ];
    return () => {
      for (const end of ends) end();
      if (this.#tokens === own) this.#leave();
    };
  }

  #leave(): void {
    this.#tokens = undefined;
    this.#given.clear();
    this.#held.clear();
    this.#channel.close();
  }

  async #share(request: TokenRequest): Promise<unknown> {
    const { scope, rejected } = request;
    if (OF_ONE_FILE.test(scope)) return this.#ask(request);
    // In place of a token that was refused, any other will do.
    const after = rejected === undefined ? (this.#tokens?.deref()?.status(scope).expiresAt ?? 0) : 0;
    const waiting = new Waiting(request, after);
    this.#waiting.add(waiting);
    try {
      this.#channel.open();
      this.#channel.send({ type: "wanted", scope, after, rejected });
      return await Promise.race([waiting.outcome, this.#turn(request, waiting)]);
    } finally {
      waiting.end();
      this.#waiting.delete(waiting);
      if (!this.#tokens && this.#waiting.size === 0) this.#channel.close();
    }
  }

  /** Asks when it is this tab's turn, unless another tab answers first. */
  async #turn(request: TokenRequest, waiting: Waiting): Promise<unknown> {
    const lock = `upload-token ${JSON.stringify([this.#name, request.scope])}`;
    const wait = { signal: waiting.signal, patience: this.#patience };
    const lead = (): Promise<unknown> => this.#lead(request, waiting);
    // Whoever has the lock for so long is frozen, or asks a slow server. One of those who wait takes it.
    const pass = (): ReturnType<typeof locked> => locked(lock, { ...wait, steal: true }, lead);
    const led = (await locked(lock, wait, lead)) ?? (await locked(`${lock} late`, wait, pass))?.value;
    return led ? led.value : this.#lead(request, waiting);
  }

  async #lead(request: TokenRequest, waiting: Waiting): Promise<unknown> {
    await waiting.within(GRACE);
    if (waiting.over) return undefined;
    const age = stopwatch();
    const { scope, signal } = request;
    try {
      // The page's function need not heed the signal; the lock is not kept from the others for it.
      const value = await Promise.race([this.#ask(request), waiting.outcome]);
      const answer = waiting.over ? undefined : await answerOf(value);
      if (!answer) return value;
      this.#given.set(scope, { answer, age });
      if (isAnswer(answer)) this.#channel.send({ type: "answer", scope, answer, age: age() });
      return responseOf(answer);
    } catch (error) {
      if (!signal.aborted) this.#channel.send({ type: "failed", scope, status: statusOf(error) });
      throw error;
    }
  }

  #hear(message: Message): void {
    // The manager was dropped without being closed.
    if (this.#tokens && !this.#tokens.deref()) return this.#leave();
    const { scope } = message;
    switch (message.type) {
      case "wanted":
        return this.#offer(message);
      case "answer": {
        const since = stopwatch();
        for (const waiting of this.#of(scope)) {
          const { answer, age } = message;
          if (waiting.answer(message)) this.#given.set(scope, { answer, age: () => age + since() });
        }
        return;
      }
      case "failed":
        for (const waiting of this.#of(scope)) waiting.fail(message.status);
        return;
      case "refused":
        this.#told = message.accessKeyId;
        this.#tokens?.deref()?.invalidate(message.accessKeyId, "refused in another tab");
    }
  }

  #of(scope: string): Waiting[] {
    return [...this.#waiting].filter((waiting) => waiting.scope === scope);
  }

  /** Gives another tab the token in hand, if that has most of its life before it and is newer than the other's. */
  #offer({ scope, after, rejected }: Message & { type: "wanted" }): void {
    const held = this.#held.get(scope);
    const status = this.#tokens?.deref()?.status(scope);
    if (!held || status?.state !== "valid" || status.accessKeyId !== held.accessKeyId) return;
    const { accessKeyId, expiresAt = 0 } = status;
    if (accessKeyId === rejected || expiresAt <= after) return;
    this.#channel.send({ type: "answer", scope, answer: held.answer, age: held.age(), expiresAt });
  }
}

/** Ms since it was made: of the two clocks one stops in sleep, and the other may be set. */
function stopwatch(): () => number {
  const [wall, mono] = [Date.now(), performance.now()];
  return () => Math.max(0, Date.now() - wall, performance.now() - mono);
}

/** The HTTP status that an error of the page's function is about. */
function statusOf(error: unknown): number | undefined {
  const { status } = (error ?? {}) as { status?: unknown };
  return typeof status === "number" ? status : undefined;
}
