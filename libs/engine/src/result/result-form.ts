import type { JsonSchema } from '@remuda/domain';
import { isRecord } from '@remuda/protocol';
import type { ErrorObject } from 'ajv';
import { compileSchema } from './dialect.js';
import { reduceSchema } from './reduce.js';

/** The name of Claude Code's tool for structured results. */
export const resultTool = 'StructuredOutput';

/** The field that wraps a value that is not an object. */
const wrap = 'result';

/** How the result of a job with a schema is requested, read and validated. */
export interface ResultForm {
  /** The schema for Claude Code: of an object, without what it or the model API would refuse. */
  readonly asked: JsonSchema;
  /** The job's value within the model's output. */
  read(output: unknown): unknown;
  /** Why the model's output does not match the job's full schema; undefined if it does. */
  faultOf(output: unknown): string | undefined;
}

/**
 * Creates the form of a job's result. With an unusable schema every value has a fault; the api refuses such a schema
 * earlier.
 */
export function resultForm(schema: JsonSchema): ResultForm {
  const reduced = reduceSchema(schema);
  const wrapped = !isToolInput(reduced);
  const check = checkOf(schema);
  const read = (output: unknown): unknown => (wrapped && isRecord(output) ? output[wrap] : output);
  return {
    asked: wrapped ? wrappedSchema(reduced) : reduced,
    read,
    faultOf: (output) => {
      const missing = wrapped && !(isRecord(output) && Object.hasOwn(output, wrap));
      return missing ? `the value must be given as \`${wrap}\`` : check(read(output));
    },
  };
}

/** The model API accepts an object without alternatives at the root, with plain names. */
function isToolInput({ type, properties, ...rest }: JsonSchema): boolean {
  const names = isRecord(properties) ? Object.keys(properties) : [];
  const choice = ['anyOf', 'oneOf', 'allOf', 'not', 'enum', 'const', '$ref'].some((key) => key in rest);
  return type === 'object' && !choice && names.every((name) => /^[a-zA-Z0-9_.-]{1,64}$/.test(name));
}

function wrappedSchema({ $defs, ...value }: JsonSchema): JsonSchema {
  const shape = { type: 'object', properties: { [wrap]: value }, required: [wrap], additionalProperties: false };
  return $defs === undefined ? shape : { ...shape, $defs };
}

/** An endlessly recursive schema is detected only when a value is checked. */
function checkOf(schema: JsonSchema): (value: unknown) => string | undefined {
  try {
    const fits = compileSchema(schema);
    return (value) => {
      try {
        return fits(value) ? undefined : faultsOf(fits.errors ?? []);
      } catch (error) {
        return unusable(error);
      }
    };
  } catch (error) {
    return () => unusable(error);
  }
}

function unusable(error: unknown): string {
  return `the schema cannot be used: ${error instanceof Error ? error.message : String(error)}`;
}

function faultsOf(errors: readonly ErrorObject[]): string {
  const shown = errors
    .slice(0, 5)
    .map((error) => `${error.instancePath || 'the value'} ${error.message ?? 'does not fit'}`);
  return shown.join('; ') + (errors.length > shown.length ? ` and ${String(errors.length - shown.length)} more` : '');
}
