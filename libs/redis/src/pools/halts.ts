import type { Redis } from 'ioredis';
import type { Halt, HaltKind, StartFailureCode } from '@remuda/domain';
import { isRecord, parseJson } from '@remuda/protocol';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import type { RedisKeys } from '../keys.js';
import { defineScript } from '../script/define-script.js';
import { hashOf } from '../script/script.js';

/** Means all profiles; no profile has this name. */
const everyProfile = '*';

/** The field of a halt. */
export const haltField = (kind: HaltKind, profile: string | undefined): string => `${kind}:${profile ?? everyProfile}`;

/** All current halts. */
export type HaltsOf = (profile: string) => readonly Halt[];

/** Counts a failed start; the one that reaches the limit suspends the profile. Returns 1 if it suspends, else 0. */
const failedStartScript = defineScript(
  { keys: ['halts', 'failedStarts'], args: ['countField', 'haltField', 'limit', 'halt'] },
  `
local count = redis.call('HINCRBY', failedStartsKey, countField, 1)
if count < tonumber(limit) then return 0 end
return redis.call('HSETNX', haltsKey, haltField, halt)
`,
);

/** Returns fields and values of the halts, and 1 if starts have failed. */
const lookScript = defineScript(
  { keys: ['halts', 'failedStarts'] },
  `return {redis.call('HGETALL', haltsKey), redis.call('EXISTS', failedStartsKey)}`,
);

/** The reasons why profiles' jobs wait, stored in Redis so that all schedulers agree. */
export class Halts {
  private readonly redis: Redis;

  constructor(
    connection: RedisConnection,
    private readonly keys: RedisKeys,
  ) {
    this.redis = clientOf(connection);
  }

  /** All current halts, by profile, and whether any starts have failed since the last successful one. */
  async read(): Promise<{ readonly of: HaltsOf; readonly anyFailed: boolean }> {
    const keys = { halts: this.keys.halts, failedStarts: this.keys.failedStarts };
    const [halts, failed] = (await lookScript.run(this.redis, { keys, args: {} })) as [readonly string[], number];
    return { of: readHalts(hashOf(halts)), anyFailed: failed === 1 };
  }

  /** Counts a failed start; true if `limit` of them in a row have now suspended the profile. */
  async noteFailedStart(
    profile: string,
    halt: Halt & { readonly code: StartFailureCode },
    limit: number,
  ): Promise<boolean> {
    const { since, reason, code } = halt;
    const args = {
      countField: countField(code, profile),
      haltField: haltField('suspended', profile),
      limit,
      halt: JSON.stringify({ since, reason, code }),
    };
    const keys = { halts: this.keys.halts, failedStarts: this.keys.failedStarts };
    return (await failedStartScript.run(this.redis, { keys, args })) === 1;
  }

  /** A successful start resets the count. */
  async noteStart(profile: string, code: StartFailureCode): Promise<void> {
    await this.redis.hdel(this.keys.failedStarts, countField(code, profile));
  }

  /** Lifts a suspension. */
  async lift(profile: string): Promise<void> {
    await this.redis.hdel(this.keys.halts, haltField('suspended', profile));
    await this.redis.publish(this.keys.steer, profile);
  }
}

/** The field of the count of failed starts. */
export const countField = (code: StartFailureCode, profile: string): string => `${code}:${profile}`;

/** Reads the hash of all halts. */
export function readHalts(hash: Readonly<Record<string, string>>): HaltsOf {
  const read = (kind: HaltKind, profile: string | undefined): readonly Halt[] => {
    const value = parseJson(hash[haltField(kind, profile)] ?? '');
    if (!isRecord(value)) return [];
    const scope = profile === undefined ? { everywhere: true } : {};
    return [{ ...(value as Omit<Halt, 'kind'>), kind, ...scope }];
  };
  return (profile) => [
    ...read('paused', undefined),
    ...read('paused', profile),
    ...read('drained', profile),
    ...read('suspended', profile),
  ];
}
