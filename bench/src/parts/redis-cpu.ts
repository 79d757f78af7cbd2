import type { RawConnection } from '@remuda/redis/testing';

/** CPU time of a Redis server so far, of its main thread and all else, in µs. */
export async function cpuOf(redis: RawConnection): Promise<number> {
  const info = await redis.info('cpu');
  const seconds = (name: string): number => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)?.[1] ?? NaN);
  return (seconds('used_cpu_user') + seconds('used_cpu_sys')) * 1e6;
}
