import { readFileSync } from 'node:fs';
import type { JsonSchema } from '@remuda/domain';

/** A schema of a job's result, and a value that fits it. */
export interface SchemaCase {
  readonly name: string;
  readonly schema: JsonSchema;
  readonly value: unknown;
}

const read = (name: string): readonly SchemaCase[] =>
  JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), 'utf8')) as readonly SchemaCase[];

/** Schemas that users gave and that once could not succeed. */
export const reported = read('reported');

/** What zod 4, zod-to-json-schema, TypeBox 0.34 and 1, and pydantic 2 write for common types. */
export const written = ['zod', 'typebox', 'pydantic'].flatMap(read);
