import { expect, it } from 'vitest';
import { checkStructured } from './structured.js';

const schema = { type: 'object', properties: { mail: { type: 'string', format: 'email' } }, required: ['mail'] };

it('finds nothing to say of a value that fits', () => {
  expect(checkStructured(schema, { mail: 'a@b.example' })).toBeUndefined();
});

it('names what does not fit, formats included', () => {
  expect(checkStructured(schema, { mail: 'nothing' })).toBe('/mail must match format "email"');
  expect(checkStructured(schema, {})).toContain("must have required property 'mail'");
});

it('reads draft 07 as draft 07', () => {
  const draft07 = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    items: [{ type: 'string' }],
    additionalItems: false,
  };
  expect(checkStructured(draft07, ['a'])).toBeUndefined();
  expect(checkStructured(draft07, ['a', 'b'])).toContain('must NOT have more than 1 items');
});

it('says of a schema that is none that it can’t be used', () => {
  expect(checkStructured({ type: 'nonsense' }, 1)).toContain('can’t be used'.replace('’', "'"));
});
