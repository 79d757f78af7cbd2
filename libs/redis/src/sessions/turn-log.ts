import type { Redis } from 'ioredis';
import type { AbortSignalLike, SessionRef, SessionTurn, TurnLog, TurnPage } from '@remuda/domain';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import type { StreamEntry } from '../events/backlog.js';
import { StreamTails } from '../events/stream-tails.js';
import { translated } from '../identity/translated.js';
import type { RedisKeys } from '../keys.js';

/** Turns read at once for a follower. */
const stride = 100;

/** The sessions' turns in Redis. One connection follows those of all sessions, however many followers there are. */
export class RedisTurnLog implements TurnLog {
  readonly #redis: Redis;
  readonly #tail: StreamTails;
  readonly #followers = new Map<string, Set<Bell>>();

  /** `connect` opens a connection that waits while Redis is away: it's called twice, since one of the two blocks. */
  constructor(
    connect: () => RedisConnection,
    private readonly keys: RedisKeys,
  ) {
    const open = (): Redis => clientOf(connect());
    this.#redis = open();
    this.#tail = new StreamTails(open, { waker: this.#redis });
  }

  async page(session: SessionRef, after: number, limit: number): Promise<TurnPage | undefined> {
    return (await translated(this.#isKnown(session))) ? translated(this.#page(session.id, after, limit)) : undefined;
  }

  async *follow(session: SessionRef, after: number, signal: AbortSignalLike): AsyncGenerator<SessionTurn> {
    if (!(await this.#isKnown(session))) return;
    const bell = this.#join(session.id, after);
    try {
      for (let last = after; !signal.aborted;) {
        bell.reset();
        const { turns, complete } = await this.#page(session.id, last, stride);
        yield* turns;
        last = turns.at(-1)?.number ?? last;
        if (complete) return;
        if (turns.length < stride) await bell.rung(signal);
      }
    } finally {
      this.#leave(session.id, bell);
    }
  }

  async close(): Promise<void> {
    await this.#tail.close();
    this.#redis.disconnect();
  }

  async #isKnown({ tenant, id }: SessionRef): Promise<boolean> {
    return (await this.#redis.hget(this.keys.session(id), 'tenant')) === tenant;
  }

  async #page(session: string, after: number, limit: number): Promise<TurnPage> {
    const stream = this.keys.sessionTurns(session);
    const from = `(${String(after)}-0`;
    const entries = (await this.#redis.xrange(stream, from, '+', 'COUNT', limit + 1)) as StreamEntry[];
    const turns = entries.map(readTurn).filter((turn) => turn !== undefined);
    const page = turns.slice(0, limit);
    return { turns: page, complete: entries.length > turns.length && page.length === turns.length };
  }

  #join(session: string, after: number): Bell {
    const bell = new Bell();
    const others = this.#followers.get(session);
    if (others) others.add(bell);
    else {
      const all = new Set([bell]);
      this.#followers.set(session, all);
      this.#tail.add(this.keys.sessionTurns(session), `${String(after)}-0`, () => {
        for (const each of all) each.ring();
      });
    }
    return bell;
  }

  #leave(session: string, bell: Bell): void {
    const all = this.#followers.get(session);
    all?.delete(bell);
    if (all?.size !== 0) return;
    this.#followers.delete(session);
    void this.#tail.remove(this.keys.sessionTurns(session));
  }
}

/** The turn of an entry; undefined for the one that ends the stream. */
function readTurn([id, [name, job]]: StreamEntry): SessionTurn | undefined {
  return name === 'job' && job !== undefined ? { number: Number(id.split('-')[0]), job } : undefined;
}

/** Tells one follower that there is more to read. */
class Bell {
  #hasRung = false;
  #wake: () => void = () => undefined;

  ring(): void {
    this.#hasRung = true;
    this.#wake();
  }

  /** Before a read: what rings from now on is news. */
  reset(): void {
    this.#hasRung = false;
  }

  /** Resolves when it has rung since it was reset, or when the signal aborts. */
  async rung(signal: AbortSignalLike): Promise<void> {
    if (this.#hasRung || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        this.#wake = () => undefined;
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#wake = wake;
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}
