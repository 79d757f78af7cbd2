import type { Redis } from 'ioredis';
import { permissionModes, spareMemory, type PermissionMode, type SeenNeed } from '@remuda/domain';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import type { RedisKeys } from '../keys.js';
import { defineScript } from '../script/define-script.js';

/**
 * Counts jobs of a pool, if one of them or of those before them had use for a spare: `modes`, the permission modes in
 * which those start. The key lasts as long as the last of them is remembered.
 */
const noteScript = defineScript(
  { keys: ['needs'], args: ['jobs', 'now', 'keptMs'], rest: 'modes', whenFull: true },
  `
if #modes == 0 and redis.call('EXISTS', needsKey) == 0 then return 0 end
local count = redis.call('HINCRBY', needsKey, 'jobs', jobs)
for _, mode in ipairs(modes) do redis.call('HSET', needsKey, mode, now .. ' ' .. count) end
if #modes > 0 then redis.call('PEXPIRE', needsKey, keptMs) end
return 1
`,
);

/** Which jobs of the pools had use for a spare, stored in Redis so that all schedulers agree, and later ones know. */
export class SpareNeeds {
  private readonly redis: Redis;

  constructor(
    connection: RedisConnection,
    private readonly keys: RedisKeys,
  ) {
    this.redis = clientOf(connection);
  }

  /** So many jobs were assigned, and those that had use for a spare would have needed it in these modes. `now` is epoch ms. */
  async note(profile: string, jobs: number, modes: readonly PermissionMode[], now: number): Promise<void> {
    const keys = { needs: this.keys.spareNeeds(profile) };
    await noteScript.run(this.redis, { keys, args: { jobs, now, keptMs: spareMemory.ms }, rest: [...modes] });
  }

  /** The last job of each mode that had use for a spare. */
  async read(profile: string, now: number): Promise<readonly SeenNeed[]> {
    const { jobs = '0', ...last } = await this.redis.hgetall(this.keys.spareNeeds(profile));
    return permissionModes.flatMap((permissionMode) => {
      const [at, count] = last[permissionMode]?.split(' ').map(Number) ?? [];
      if (at === undefined || count === undefined) return [];
      return [{ permissionMode, agoMs: Math.max(0, now - at), jobsSince: Number(jobs) - count }];
    });
  }
}
