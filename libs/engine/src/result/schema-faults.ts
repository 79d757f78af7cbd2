import type { Fault, JsonSchema } from '@remuda/domain';
import { compileSchema, draftErrors } from './dialect.js';

/**
 * Why a schema cannot be used for validation, with paths below `at`; empty if it can. Its draft's rules apply: 2020-12
 * (the default), 2019-09 or 07.
 */
export function schemaFaults(schema: JsonSchema, at: string): readonly Fault[] {
  if ('$async' in schema) return [{ path: `${at}.$async`, message: 'is not supported' }];
  try {
    const errors = draftErrors(schema);
    if (errors.length > 0) return errors.slice(0, 5).map((error) => toFault(error, at));
    // endless recursion shows with the first value
    compileSchema(schema)(null);
    return [];
  } catch (error) {
    return [{ path: at, message: `cannot be used: ${reasonOf(error)}` }];
  }
}

/** A stack overflow is the schema's fault, and Node's message would not help to fix it. */
function reasonOf(error: unknown): string {
  if (error instanceof RangeError) return 'it refers to itself endlessly, or is nested too deeply';
  return error instanceof Error ? error.message : String(error);
}

function toFault(error: { readonly instancePath: string; readonly message?: string }, at: string): Fault {
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((key) => (/^\d+$/.test(key) ? `[${key}]` : `.${key.replaceAll('~1', '/').replaceAll('~0', '~')}`));
  return { path: at + path.join(''), message: error.message ?? 'is not valid' };
}
