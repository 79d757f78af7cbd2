import { expect, test } from 'vitest';
import { schemaFaults } from './schema-faults.js';

const deep = (levels: number): object => (levels === 0 ? {} : { not: deep(levels - 1) });

test.each([
  ['refers to itself without end', { $ref: '#' }],
  ['refers to itself by way of another', { allOf: [{ $ref: '#/$defs/a' }], $defs: { a: { anyOf: [{ $ref: '#' }] } } }],
])('a schema that %s is refused in words that say what to mend', (_, schema) => {
  expect(schemaFaults(schema, 'outputSchema')).toEqual([
    { path: 'outputSchema', message: 'cannot be used: it refers to itself endlessly, or is nested too deeply' },
  ]);
});

test('however deep a schema is, nothing is told of a stack', () => {
  for (const { message } of schemaFaults({ type: 'object', properties: { a: deep(5_000) } }, 'outputSchema'))
    expect(message).not.toMatch(/stack/i);
});
