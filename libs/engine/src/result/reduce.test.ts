import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reported, written } from '../../../../test/schemas/index.js';
import { resultForm } from './result-form.js';
import { schemaFaults } from './schema-faults.js';

const draft07 = new Ajv({ logger: false });
const draft2020 = new Ajv2020({ strict: false, logger: false });

/** How Claude Code 2.1.197 looks at the schema that it is given. */
const asClaudeCode = (schema: object) => {
  expect(draft07.validateSchema(schema), draft07.errorsText()).toBe(true);
  return new Ajv({ allErrors: true, logger: false, meta: false, validateSchema: false }).compile(schema);
};

/** What the model API wants of a tool. */
const expectToolInput = (schema: Readonly<Record<string, unknown>>): void => {
  expect(draft2020.validateSchema(schema), draft2020.errorsText()).toBe(true);
  expect(schema['type']).toBe('object');
  expect(Object.keys(schema)).not.toEqual(expect.arrayContaining([expect.stringMatching(/^(anyOf|oneOf|allOf)$/)]));
};

const given = (form: ReturnType<typeof resultForm>, value: unknown): unknown => {
  const { properties } = form.asked as { properties?: Record<string, unknown> };
  const wrapped = Object.keys(properties ?? {}).join() === 'result' && form.read({ result: value }) === value;
  return wrapped ? { result: value } : value;
};

describe.each([...reported, ...written])('$name', ({ schema, value }) => {
  it('is taken by the api, by Claude Code and by the model API, and its value fits', () => {
    expect(schemaFaults(schema, '')).toEqual([]);
    const form = resultForm(schema);
    expectToolInput(form.asked);
    const output = given(form, value);
    const fits = asClaudeCode(form.asked);
    expect(fits(output), JSON.stringify([form.asked, fits.errors])).toBe(true);
    expect(form.faultOf(output)).toBeUndefined();
    expect(form.read(output)).toEqual(value);
  });
});

it.each([
  ['a date', { type: 'string', format: 'date' }, 'tomorrow'],
  ['a place of a tuple', { type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }] }, [1, 'x']],
  ['one of several', { oneOf: [{ type: 'integer' }, { type: 'number', minimum: 2 }] }, 3],
  ['what is forbidden', { not: { type: 'string', format: 'date' } }, '2025-01-01'],
  ['a condition', { if: { required: ['a'] }, then: { required: ['b'] } }, { a: 1 }],
  ['what depends', { dependentRequired: { a: ['b'] } }, { a: 1 }],
  ['no more than these', { properties: { a: true }, unevaluatedProperties: false }, { b: 1 }],
])('leaves the check of %s to the whole schema, and tells the model of it', (_what, schema, value) => {
  const form = resultForm(schema);
  expect(asClaudeCode(form.asked)({ result: value })).toBe(true);
  expect(form.faultOf({ result: value })).toBeDefined();
});

it('says in the description what is left out', () => {
  const form = resultForm({
    type: 'object',
    properties: { a: { type: 'string', format: 'date', description: 'When.' } },
  });
  expect(form.asked).toMatchObject({
    properties: { a: { description: expect.stringMatching(/^When\.\n.*"format": "date"/) } },
  });
});

/** A keyword with one of its values. */
const keyword = (name: string, value: fc.Arbitrary<unknown>) => value.map((each) => [name, each] as const);
const one = (name: string, ...choices: readonly unknown[]) => keyword(name, fc.constantFrom(...choices));

const leaves = [
  one('type', 'string', 'number', 'integer', 'boolean', 'null', 'array', 'object', ['string', 'null']),
  one('format', 'date', 'email', 'int32', 'odd'),
  one('enum', ['x'], [1, 1], [null, true, 'x']),
  one('const', 'x', 1, null),
  one('pattern', '^x', '\\-', '^[a-z\\_]+$'),
  one('multipleOf', 0.01, 2),
  one('minimum', -1, 2),
  one('exclusiveMaximum', true, 3),
  one('nullable', true, false),
  one('description', 'words'),
  one('x-order', 1),
  one('$ref', '#', '#/$defs/D', '#/properties/a'),
  one('required', ['a'], []),
  one('minContains', 0, 2),
  one('dependentRequired', { a: ['b'] }),
  one('unevaluatedProperties', false),
  one('uniqueItems', true),
  one('maxItems', 1, 3),
];

/** Schemas of a few keywords, sensible or not. */
const schemas = (depth: number): fc.Arbitrary<Record<string, unknown>> => {
  const inner = depth === 0 ? [] : keywordsOf(schemas(depth - 1));
  return fc.array(fc.oneof(...leaves, ...inner), { maxLength: 4 }).map((entries) => Object.fromEntries(entries));
};
const keywordsOf = (node: fc.Arbitrary<unknown>) => {
  const some = fc.array(node, { minLength: 1, maxLength: 2 });
  const named = fc.dictionary(fc.constantFrom('a', 'b', 'x y', '__proto__'), node, { maxKeys: 2 });
  return [
    ...['properties', 'dependentSchemas'].map((name) => keyword(name, named)),
    keyword('patternProperties', fc.dictionary(fc.constantFrom('^a', '^z', '\\_'), node, { maxKeys: 2 })),
    ...['prefixItems', 'anyOf', 'oneOf', 'allOf'].map((name) => keyword(name, some)),
    ...['additionalProperties', 'items'].map((name) => keyword(name, fc.oneof(node, fc.boolean()))),
    ...['propertyNames', 'contains', 'not', 'if', 'then', 'else'].map((name) => keyword(name, node)),
  ];
};

const values = fc.oneof(
  ...[fc.constantFrom('x', 'x-y', '2025-01-01', 'a@b.co', null, true, 0, 1, 2, 3, 0.05)],
  fc.array(fc.constantFrom('x', 1, null), { maxLength: 3 }),
  fc.dictionary(fc.constantFrom('a', 'b', 'z', 'x y'), fc.constantFrom('x', 1, null, [1], { a: 'x' }), { maxKeys: 3 }),
);

it('makes of any schema one that Claude Code takes, and that lets through whatever the whole one does', () => {
  fc.assert(
    fc.property(schemas(2), schemas(1), fc.array(values, { minLength: 10, maxLength: 20 }), (schema, D, tries) => {
      const whole = { properties: { a: {} }, ...schema, $defs: { D } };
      fc.pre(schemaFaults(whole, '').length === 0);
      const form = resultForm(whole);
      expectToolInput(form.asked);
      const fits = asClaudeCode(form.asked);
      for (const value of tries) {
        const output = given(form, value);
        if (form.faultOf(output) === undefined)
          expect(fits(output), JSON.stringify({ asked: form.asked, value })).toBe(true);
      }
    }),
    { numRuns: 100 },
  );
}, 60_000);
