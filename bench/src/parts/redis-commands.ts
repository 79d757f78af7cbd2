import type { RawConnection } from '@remuda/redis/testing';

/** How often Redis has run each command so far, those of scripts included; subcommands as `client|id`. */
export async function commandsOf(redis: RawConnection): Promise<ReadonlyMap<string, number>> {
  const stats = await redis.info('commandstats');
  return new Map(
    [...stats.matchAll(/cmdstat_([^:]+):calls=(\d+)/g)].map(([, name = '', calls]) => [name, Number(calls)]),
  );
}
