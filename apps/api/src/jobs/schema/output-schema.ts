import type { Fault, JsonSchema } from '@remuda/domain';
import { schemaFaults } from '@remuda/engine';
import { isLargerThan } from '../../input/plain-json.js';
import { limits } from '../limits.js';
import { checkInThread } from './schema-check.js';

/** Maximum number of objects and arrays in one schema: compiling takes some tenths of a millisecond for each. */
const maxParts = 1_000;
/** Up to this many, a thread is not worth the overhead. */
const fewParts = 30;

/** The faults of a job's result schema; none if the worker, which applies the same rules, can use it. */
export async function outputSchemaFaults(schema: JsonSchema): Promise<readonly Fault[]> {
  if (isLargerThan(schema, limits.schemaBytes)) return [fault(`must not be larger than ${limits.schemaBytes} bytes`)];
  const parts = countParts(schema);
  if (parts > maxParts) return [fault(`must not have more than ${maxParts} objects and arrays`)];
  return parts > fewParts ? checkInThread(schema, 'outputSchema') : schemaFaults(schema, 'outputSchema');
}

const fault = (message: string): Fault => ({ path: 'outputSchema', message });

/** The number of objects and arrays in a value, including itself. */
function countParts(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce<number>((sum, inner) => sum + countParts(inner), 1);
}
