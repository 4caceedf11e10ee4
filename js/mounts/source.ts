import { ATTACH, attach, type AttachedSource } from "../attach.js";
import type { TokenManager, TokenRequest, TokenSource } from "../types.js";

/** A source that was asked, or is to be. */
interface Used {
  readonly source: TokenSource;
  /** Ends that it knows whose it is. */
  readonly end: (() => void) | undefined;
  /** Requests under way. */
  asked: number;
  answered: boolean;
}

/**
 * @internal The source that `find` finds at each request. It knows whose it is, as if it were the manager's only one: a
 * `sharedSource(…)` that a component writes in its own function is another one at each render.
 *
 * The former one is let go when the next has answered: until then it has the token that other tabs may want.
 */
export function changingSource(find: () => TokenSource): TokenSource & AttachedSource {
  let tokens: TokenManager | undefined;
  let current: Used | undefined;
  const former = new Set<Used>();

  const use = (source: TokenSource): Used => {
    if (current?.source === source) return current;
    if (current) former.add(current);
    const known = [...former].find((used) => used.source === source);
    if (known) former.delete(known);
    return (current = known ?? { source, end: tokens && attach(source, tokens), asked: 0, answered: false });
  };
  const letGo = (): void => {
    for (const used of former) {
      const holds = used.answered && !current?.answered;
      if (tokens && (used.asked > 0 || holds)) continue;
      former.delete(used);
      used.end?.();
    }
  };
  const ask = async (request: TokenRequest): Promise<unknown> => {
    const used = use(find());
    used.asked += 1;
    try {
      const answer = await used.source(request);
      used.answered = true;
      return answer;
    } finally {
      used.asked -= 1;
      letGo();
    }
  };
  return Object.assign(ask, {
    [ATTACH](manager: TokenManager) {
      tokens = manager;
      use(find());
      return () => {
        tokens = undefined;
        if (current) former.add(current);
        current = undefined;
        letGo();
      };
    },
  });
}
