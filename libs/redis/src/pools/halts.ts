import type { Redis } from 'ioredis';
import type { Halt, HaltKind, StartFailureCode } from '@remuda/domain';
import { isRecord, parseJson } from '@remuda/protocol';
import type { RedisKeys } from '../keys.js';
import { hashOf, run, script } from '../script/script.js';

/** Stands for all profiles; no profile has this name. */
const everyProfile = '*';

/** The field in which a halt stands. */
export const haltField = (kind: HaltKind, profile: string | undefined): string => `${kind}:${profile ?? everyProfile}`;

/** Everything that is halted at one moment. */
export type HaltsOf = (profile: string) => readonly Halt[];

/**
 * Counts a start that failed; the one that reaches the limit suspends the profile.
 * KEYS: halts, failed starts. ARGV: field of the count, field of the halt, limit, halt. Gives 1 where it suspends, else 0.
 */
const failedStartScript = script(`
local count = redis.call('HINCRBY', KEYS[2], ARGV[1], 1)
if count < tonumber(ARGV[3]) then return 0 end
return redis.call('HSETNX', KEYS[1], ARGV[2], ARGV[4])
`);

/** KEYS: halts, failed starts. Gives fields and values of the halts, and 1 where starts have failed. */
const lookScript = script(`return {redis.call('HGETALL', KEYS[1]), redis.call('EXISTS', KEYS[2])}`);

/** What keeps profiles from their jobs, as Redis has it: so all schedulers agree. */
export class Halts {
  constructor(
    private readonly redis: Redis,
    private readonly keys: RedisKeys,
  ) {}

  /** All halts of this moment, by profile, and whether any starts have failed since the last one that did not. */
  async read(): Promise<{ readonly of: HaltsOf; readonly anyFailed: boolean }> {
    const read = await run(this.redis, lookScript, [this.keys.halts, this.keys.failedStarts], []);
    const [halts, failed] = read as [readonly string[], number];
    return { of: readHalts(hashOf(halts)), anyFailed: failed === 1 };
  }

  /** Counts a start that failed; true where `limit` of them in a row have now suspended the profile. */
  async noteFailedStart(
    profile: string,
    halt: Halt & { readonly code: StartFailureCode },
    limit: number,
  ): Promise<boolean> {
    const { since, reason, code } = halt;
    const fields = [countField(code, profile), haltField('suspended', profile)];
    const text = JSON.stringify({ since, reason, code });
    const keys = [this.keys.halts, this.keys.failedStarts];
    return (await run(this.redis, failedStartScript, keys, [...fields, limit, text])) === 1;
  }

  /** A start that did not fail begins the count anew. */
  async noteStart(profile: string, code: StartFailureCode): Promise<void> {
    await this.redis.hdel(this.keys.failedStarts, countField(code, profile));
  }

  /** Lifts a suspension. */
  async lift(profile: string): Promise<void> {
    await this.redis.hdel(this.keys.halts, haltField('suspended', profile));
    await this.redis.publish(this.keys.steer, profile);
  }
}

/** The field in which failed starts are counted. */
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
