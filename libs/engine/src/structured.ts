import type { JsonSchema } from '@remuda/domain';
import { Ajv, type AnySchema, type ErrorObject } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/**
 * Checks a value against a JSON Schema (draft 07 where it says so, else 2020-12): undefined when it fits, else a sentence
 * that names the first faults. A schema that can't be used is a fault as well.
 */
export function checkStructured(schema: JsonSchema, value: unknown): string | undefined {
  const draft = schema['$schema'];
  const Checker = typeof draft === 'string' && draft.includes('draft-07') ? Ajv : Ajv2020;
  const checker = new Checker({ strict: false, allErrors: true, logger: false });
  addFormats.default(checker);
  try {
    const fits = checker.compile(schema as AnySchema);
    return fits(value) ? undefined : faultsOf(fits.errors ?? []);
  } catch (error) {
    return `the schema can't be used: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function faultsOf(errors: readonly ErrorObject[]): string {
  const shown = errors
    .slice(0, 5)
    .map((error) => `${error.instancePath || 'the value'} ${error.message ?? 'does not fit'}`);
  return shown.join('; ') + (errors.length > shown.length ? ` and ${String(errors.length - shown.length)} more` : '');
}
