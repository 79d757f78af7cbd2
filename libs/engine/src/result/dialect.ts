import type { JsonSchema } from '@remuda/domain';
import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { modern } from './modern.js';

/** Patterns are compiled with the flag `u`, and if that fails, as most libraries do: without. */
const readPattern = Object.assign(
  (pattern: string, flags: string): RegExp => {
    try {
      return new RegExp(pattern, flags);
    } catch {
      return new RegExp(pattern);
    }
  },
  { code: 'new RegExp' },
);

/** Unknown keywords and formats are annotations, as in the specification. */
const lenient: Options = { strict: false, logger: false, validateFormats: false };
/** The optimiser's time is quadratic in a schema's size; without a tolerance, 19.99 is not a multiple of 0.01. */
const once: Options = {
  ...{ strict: false, logger: false, allErrors: true, multipleOfPrecision: 6 },
  ...{ meta: false, validateSchema: false, inlineRefs: false, code: { optimize: false, regExp: readPattern } },
};

type Checker = Pick<Ajv, 'validateSchema' | 'errors' | 'compile'>;

/** A draft: one checker that validates schemas, and a new one for each schema, so that no `$id` outlives it. */
interface Dialect {
  readonly meta: Checker;
  readonly fresh: () => Checker;
}

const draft07: Dialect = { meta: new Ajv(lenient), fresh: () => withFormats(new Ajv(once)) };
const draft2019: Dialect = { meta: new Ajv2019(lenient), fresh: () => withFormats(new Ajv2019(once)) };
const draft2020: Dialect = { meta: new Ajv2020(lenient), fresh: () => withFormats(new Ajv2020(once)) };

function withFormats<T extends Parameters<typeof addFormats.default>[0]>(checker: T): T {
  addFormats.default(checker);
  return checker;
}

/** Violations of the draft's rules by a schema; none if it is valid. */
export function draftErrors(schema: JsonSchema): readonly ErrorObject[] {
  const { meta } = dialectOf(schema);
  return meta.validateSchema(withoutDraft(schema)) === true ? [] : (meta.errors ?? []);
}

/** A validator for a schema. Throws for an unusable one: an unresolved reference, an invalid pattern. */
export function compileSchema(schema: JsonSchema): ValidateFunction {
  return dialectOf(schema).fresh().compile(withoutDraft(schema));
}

/** The draft that `$schema` names; by default 2020-12, or 07 for a schema that is valid only there. */
function dialectOf(schema: JsonSchema): Dialect {
  const { $schema } = schema;
  const named = typeof $schema === 'string' ? $schema : '';
  if (/draft-0[3-7]/.test(named)) return draft07;
  if (named.includes('2019-09')) return draft2019;
  const bare = withoutDraft(schema);
  const isOlder = named === '' && !draft2020.meta.validateSchema(bare) && draft07.meta.validateSchema(bare) === true;
  return isOlder ? draft07 : draft2020;
}

/** The checker would treat an unknown draft as an unresolved reference. */
function withoutDraft({ $schema: _named, ...schema }: JsonSchema): Record<string, unknown> {
  return modern(schema);
}
