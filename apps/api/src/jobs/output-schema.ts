import type { Fault, JsonSchema } from '@remuda/domain';
import { Ajv } from 'ajv';
import type { Options } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { isLargerThan } from '../input/plain-json.js';
import { limits } from './limits.js';

const lenient: Options = { strict: false, logger: false, validateFormats: false };
/** One that knows the draft, to look the schema over; and a new one for each schema, so that no `$id` outlives it. */
const drafts = {
  '07': { meta: new Ajv(lenient), fresh: (options: Options) => new Ajv(options) },
  '2020-12': { meta: new Ajv2020(lenient), fresh: (options: Options) => new Ajv2020(options) },
};
/** The optimiser takes time with the square of a schema's size. */
const once: Options = { ...lenient, meta: false, validateSchema: false, inlineRefs: false, code: { optimize: false } };

/** Most objects and arrays in one schema: compiling takes up to 0.1 ms for each. */
const maxParts = 1_000;

/** What is wrong with the schema of a job's result (draft 2020-12, or 07 where `$schema` says so); none where it can be used. */
export function schemaFaults(schema: JsonSchema): readonly Fault[] {
  if (isLargerThan(schema, limits.schemaBytes))
    return [fault('', `must not be larger than ${limits.schemaBytes} bytes`)];
  if (countParts(schema) > maxParts) return [fault('', `must not have more than ${maxParts} objects and arrays`)];
  if ('$async' in schema) return [fault('.$async', 'is not supported')];
  const { meta, fresh } = drafts[String(schema['$schema']).includes('draft-07') ? '07' : '2020-12'];
  try {
    if (meta.validateSchema(schema) !== true) return (meta.errors ?? []).slice(0, 5).map(toFault);
    fresh(once).compile(schema);
    return [];
  } catch (error) {
    return [fault('', `cannot be used: ${error instanceof Error ? error.message : String(error)}`)];
  }
}

const fault = (path: string, message: string): Fault => ({ path: `outputSchema${path}`, message });

function toFault(error: { readonly instancePath: string; readonly message?: string }): Fault {
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((key) => (/^\d+$/.test(key) ? `[${key}]` : `.${key.replaceAll('~1', '/').replaceAll('~0', '~')}`));
  return fault(path.join(''), error.message ?? 'is not valid');
}

/** The objects and arrays in a value, itself included. */
function countParts(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce<number>((sum, inner) => sum + countParts(inner), 1);
}
