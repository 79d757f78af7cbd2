import { usualDemand, type PoolTarget } from '@remuda/domain';
import type { FieldReader } from '../field-reader.js';

const mostWorkers = 10_000;
const ofDemand = ['min', 'hitRate', 'quietMs'] as const;

/** Reads `pool` of a profile: `warm` is a number, or `auto`, with which the pool follows demand. */
export function readPoolSize(reader: FieldReader, value: unknown, at: string, base: PoolTarget): PoolTarget {
  const pool = reader.object(value ?? {}, at, ['warm', 'max', ...ofDemand]);
  const max = reader.number(pool['max'], `${at}.max`, base.max, 1, mostWorkers);
  if (pool['warm'] === 'auto') return readDemand(reader, pool, at, max);
  for (const field of ofDemand) if (pool[field] !== undefined) reader.fault(`${at}.${field}`, 'requires warm: auto');
  const warm = reader.number(pool['warm'], `${at}.warm`, Math.min(base.warm, max), 0, mostWorkers, 'auto or ');
  if (warm > max) reader.fault(`${at}.warm`, `expected at most pool.max, which is ${String(max)}`);
  return { warm, max };
}

function readDemand(reader: FieldReader, pool: Record<string, unknown>, at: string, max: number): PoolTarget {
  const least = Math.min(usualDemand.min, max);
  const min = reader.number(pool['min'], `${at}.min`, least, 0, mostWorkers);
  if (min > max) reader.fault(`${at}.min`, `expected at most pool.max, which is ${String(max)}`);
  const hitRate = reader.number(pool['hitRate'], `${at}.hitRate`, usualDemand.hitRate, 0, 1);
  const quietMs = reader.number(pool['quietMs'], `${at}.quietMs`, usualDemand.quietMs, 1_000, 30 * 86_400_000);
  return { warm: min, max, follow: { min, hitRate, quietMs } };
}
