import { expect, it } from 'vitest';
import { resultForm } from './result-form.js';
import { schemaFaults } from './schema-faults.js';

const faultOf = (schema: object, value: unknown) => resultForm({ ...schema }).faultOf(value);

const schema = { type: 'object', properties: { mail: { type: 'string', format: 'email' } }, required: ['mail'] };

it('finds nothing to say of a value that fits', () => {
  expect(faultOf(schema, { mail: 'a@b.example' })).toBeUndefined();
});

it('names what does not fit, formats included', () => {
  expect(faultOf(schema, { mail: 'nothing' })).toBe('/mail must match format "email"');
  expect(faultOf(schema, {})).toContain("must have required property 'mail'");
});

it('reads draft 07 as draft 07', () => {
  const draft07 = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    items: [{ type: 'string' }],
    additionalItems: false,
  };
  expect(faultOf(draft07, { result: ['a'] })).toBeUndefined();
  expect(faultOf(draft07, { result: ['a', 'b'] })).toContain('must NOT have more than 1 items');
});

it('says of a schema that is none that it can’t be used', () => {
  expect(faultOf({ type: 'nonsense' }, { result: 1 })).toContain('cannot be used');
});

it.each([
  ['a list', { type: 'array' }],
  ['a choice', { type: 'object', anyOf: [{ required: ['a'] }, { required: ['b'] }] }],
  ['an object with names that the model API does not take', { type: 'object', properties: { 'a b': {} } }],
  ['anything', {}],
])('asks for %s as the field of an object', (_what, schema) => {
  expect(resultForm(schema).asked).toMatchObject({ type: 'object', required: ['result'] });
  expect(faultOf(schema, [])).toContain('`result`');
});

it('asks for an object as it is, also where it is named by a reference', () => {
  const plain = { type: 'object', properties: { a: { type: 'string' } } };
  expect(resultForm(plain).asked).toEqual(plain);
  expect(resultForm({ $ref: '#/$defs/A', $defs: { A: plain } }).asked).toMatchObject(plain);
});

it('takes a schema that refers to itself without end for one that can’t be used', () => {
  expect(faultOf({ $ref: '#' }, { result: 1 })).toContain('cannot be used');
  expect(schemaFaults({ $ref: '#' }, 'it')).toMatchObject([
    { path: 'it', message: expect.stringContaining('cannot be used') },
  ]);
});
