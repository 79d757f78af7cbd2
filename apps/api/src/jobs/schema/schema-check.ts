import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Fault, JsonSchema } from '@remuda/domain';
import { schemaFaults } from '@remuda/engine';
import { SchemaThread } from './schema-check-thread.js';

/** Timeout of checking a schema, in ms. */
const limitMs = 10_000;
/** The compiled program. If the api runs from its source, as in tests, there is none. */
const program = new URL('./schema-thread.js', import.meta.url);
const thread = existsSync(fileURLToPath(program)) ? new SchemaThread(program, limitMs) : undefined;

/** The result of `schemaFaults`, from a separate thread if there is one. Never rejects. */
export function checkInThread(schema: JsonSchema, at: string): Promise<readonly Fault[]> {
  return thread ? thread.check(schema, at) : Promise.resolve(schemaFaults(schema, at));
}
