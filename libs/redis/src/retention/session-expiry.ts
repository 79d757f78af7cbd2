import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import type { RedisKeys } from '../keys.js';
import { affixesOf } from '../script/script.js';
import { expireSessionScript } from '../sessions/expire.lua.js';

/** Number of keys per step of the search. */
const keysPerLook = 1_000;

/** Removes sessions that nobody has used for some time, step by step. Nothing waits for it. */
export class SessionExpiry {
  #cursor = '0';

  constructor(
    private readonly connection: RedisConnection,
    private readonly keys: RedisKeys,
    /** For how long a session stays that does not change, in ms. */
    private readonly unusedMs: number,
  ) {}

  /** Runs the next step. */
  async look(): Promise<void> {
    const { keys } = this;
    const redis = clientOf(this.connection);
    const start = keys.session('');
    const [next, found] = await redis.scan(this.#cursor, 'MATCH', `${start}*`, 'COUNT', keysPerLook);
    this.#cursor = next;
    const ids = found.map((key) => key.slice(start.length)).filter((id) => !id.includes(':'));
    const [beforeTenant, behindTenant] = affixesOf(keys.sessions);
    for (const id of ids)
      await expireSessionScript.run(redis, {
        keys: {
          ...{ session: keys.session(id), waiting: keys.sessionWaiting(id), turns: keys.sessionTurns(id) },
          ...{ kept: keys.sessionKept(id), origins: keys.sessionOrigins },
        },
        args: { id, unusedMs: this.unusedMs, beforeTenant, behindTenant },
      });
  }
}
