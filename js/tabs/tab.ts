import { ATTACH, type AttachedSource } from "../attach.js";
import type { TokenManager, TokenRequest, TokenSource } from "../types.js";
import { answerOf, isAnswer, isResponse, responseOf } from "./answer.js";
import { Channel, type Message } from "./channel.js";
import { locked } from "./lock.js";
import { Member, type Given } from "./member.js";
import { Patience, type PatientWait } from "./patience.js";
import { stopwatch } from "./stopwatch.js";
import { Waiting } from "./waiting.js";
import { isNews, type Wanted } from "./wanted.js";

/** How long a tab that is about to ask listens for a token that another tab has, ms. */
const GRACE = 100;

/** The scopes that an uploader makes of its files: in each tab they are of others. */
const OF_ONE_FILE = /^file:\d+$/;

/** By name. Kept for good: whoever asks next after a reset takes no token of before, either. */
const tabs = new Map<string, Tab>();

/** @internal This page's part in the sharing by `name`: the same for a source that is made anew, as at each render. */
export function tabOf(name: string): Tab {
  let tab = tabs.get(name);
  if (!tab) tabs.set(name, (tab = new Tab(name)));
  return tab;
}

/**
 * One tab's part in the sharing.
 *
 * Who wants a token says so, and takes what another manager has in hand, of another tab or of this one. If none has one
 * that is newer, the lock decides who asks; the others hear the answer. Whoever waits for the lock for too long passes it
 * by.
 */
class Tab {
  readonly #name: string;
  readonly #patience = new Patience();
  readonly #channel: Channel;
  readonly #members = new Set<Member>();
  readonly #waiting = new Set<Waiting>();
  /** By scope, the answer that the source gave last. */
  readonly #given = new Map<string, Given>();
  /** By scope, how long ago a manager was reset, ms; of all scopes for `undefined`. */
  readonly #resets = new Map<string | undefined, () => number>();
  /** The token of whose refusal has been told. */
  #told = "";

  constructor(name: string) {
    this.#name = name;
    this.#channel = new Channel(`upload-token ${JSON.stringify(name)}`, (message) => this.#hear(message));
  }

  /** @param patience - how long it waits for each of the two locks, ms. */
  source(ask: TokenSource, patience: number): TokenSource & AttachedSource {
    return Object.assign((request: TokenRequest) => this.#share(request, ask, patience), { [ATTACH]: this.#attach });
  }

  /** Learns which tokens a manager takes, which a server refuses, and when the user is another one. */
  readonly #attach = (tokens: TokenManager): (() => void) => {
    const member = new Member(tokens, {
      given: (scope) => this.#given.get(scope),
      refused: (scope, accessKeyId) => {
        if (accessKeyId === this.#told) return;
        this.#told = accessKeyId;
        this.#tell({ type: "refused", scope, accessKeyId });
      },
      reset: (scope) => {
        this.#resets.set(scope, stopwatch());
        if (scope === undefined) this.#given.clear();
        else this.#given.delete(scope);
      },
    });
    this.#members.add(member);
    // In no variable of this function: the member's host would hold that, too.
    return member.listen(tokens, () => this.#leave(member));
  };

  #leave(member: Member): void {
    this.#members.delete(member);
    this.#rest();
  }

  /** Keeps nothing while no manager is served. */
  #rest(): void {
    if (this.#members.size > 0 || this.#waiting.size > 0) return;
    this.#given.clear();
    this.#channel.close();
  }

  async #share(request: TokenRequest, ask: TokenSource, patience: number): Promise<unknown> {
    const { scope } = request;
    if (OF_ONE_FILE.test(scope) || !this.#channel.open()) return ask(request);
    const wanted = this.#wantedBy(request);
    const waiting = new Waiting(request, wanted, () => this.#sinceReset(scope));
    const wait = this.#patience.begin(scope, patience);
    const lead = (): Promise<unknown> => this.#lead(request, waiting, ask);
    this.#waiting.add(waiting);
    try {
      this.#tell({ type: "wanted", scope, ...wanted });
      return await Promise.race([waiting.outcome, this.#turn(waiting, wait, lead)]);
    } finally {
      waiting.end();
      this.#waiting.delete(waiting);
      wait.end(request.signal.aborted && !waiting.asks);
      this.#rest();
    }
  }

  /** What the manager has in hand that makes `request`; of those that ask just now, the one whose token lasts longest. */
  #wantedBy({ scope, reason, rejected }: TokenRequest): Wanted {
    let wanted: Wanted = { after: 0, rejected };
    // In place of a token that was refused, any other will do.
    if (rejected !== undefined || reason !== "refresh") return wanted;
    for (const member of this.#members) {
      const { fetch, accessKeyId, expiresAt = 0 } = member.status(scope) ?? {};
      if (fetch !== "inFlight" || accessKeyId === undefined || expiresAt <= wanted.after) continue;
      wanted = { after: expiresAt, held: accessKeyId, heldFor: member.behind(scope, accessKeyId)?.age() };
    }
    return wanted;
  }

  #sinceReset(scope: string): number {
    const [one, all] = [this.#resets.get(scope), this.#resets.get(undefined)];
    return Math.min(one?.() ?? Infinity, all?.() ?? Infinity);
  }

  /** Has `lead` ask when it is this tab's turn, unless another tab answers first. */
  async #turn(waiting: Waiting, wait: PatientWait, lead: () => Promise<unknown>): Promise<unknown> {
    const lock = `upload-token ${JSON.stringify([this.#name, waiting.scope])}`;
    const { signal } = waiting;
    const first = { signal, patience: wait.first() };
    // Whoever has the lock for so long is frozen, or asks a slow server. One of those who wait takes it.
    const pass = (): ReturnType<typeof locked> => locked(lock, { ...first, steal: true }, lead);
    const late = async (): ReturnType<typeof locked> =>
      (await locked(`${lock} late`, { signal, patience: wait.second() }, pass))?.value;
    const led = (await locked(lock, first, lead)) ?? (await late());
    return led ? led.value : lead();
  }

  async #lead(request: TokenRequest, waiting: Waiting, ask: TokenSource): Promise<unknown> {
    await waiting.within(GRACE);
    if (waiting.over) return undefined;
    waiting.asks = true;
    const age = stopwatch();
    const { scope } = request;
    const asked = async (): Promise<unknown> => {
      const value = await ask(request);
      const answer = await answerOf(value);
      if (!answer || waiting.over) return value;
      waiting.end();
      this.#given.set(scope, { answer, age });
      if (isAnswer(answer)) this.#tell({ type: "answer", scope, answer, age: age() });
      return isResponse(value) ? responseOf(answer) : value;
    };
    try {
      // The page's function need not heed the signal; the lock is not kept from the others for it.
      return await Promise.race([asked(), waiting.outcome]);
    } catch (error) {
      if (!waiting.over) {
        waiting.end();
        this.#tell({ type: "failed", scope, status: statusOf(error) });
      }
      throw error;
    }
  }

  /** Tells the other tabs, and who waits in this one: a channel does not bring its own messages. */
  #tell(message: Message): void {
    this.#channel.send(message);
    this.#hear(message);
  }

  #hear(message: Message): void {
    for (const member of this.#members) if (member.gone) this.#leave(member);
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
        for (const member of this.#members) member.invalidate(message.accessKeyId);
    }
  }

  #of(scope: string): Waiting[] {
    return [...this.#waiting].filter((waiting) => waiting.scope === scope);
  }

  /** Gives a token in hand to who wants one, if that has most of its life before it and is news there. */
  #offer({ scope, ...wanted }: Message & { type: "wanted" }): void {
    for (const member of this.#members) {
      const { state, accessKeyId, expiresAt = 0 } = member.status(scope) ?? {};
      const given = state === "valid" && accessKeyId !== undefined && member.behind(scope, accessKeyId);
      if (!given) continue;
      const age = given.age();
      const held = { accessKeyId, expiresAt };
      if (isNews({ ...held, age }, wanted))
        return this.#tell({ type: "answer", scope, answer: given.answer, age, held });
    }
  }
}

/** The HTTP status that an error of the page's function is about. */
function statusOf(error: unknown): number | undefined {
  const { status } = (error ?? {}) as { status?: unknown };
  return typeof status === "number" ? status : undefined;
}
