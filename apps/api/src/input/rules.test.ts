import 'reflect-metadata';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Default, Given } from './fields.js';
import { Amount, Characters, Distinct, Filled, Form, Integer, OneOf, Strings } from './rules.js';
import { readDto } from './read-dto.js';

class Sample {
  @Filled(20) filled!: string;
  @Given() @Integer(-1, 3) integer?: number;
  @Given() @Amount(2) amount?: number;
  @Given() @OneOf(['a', 'b']) oneOf?: string;
  @Given() @Form(/^[a-c]{1,2}$/, 'must be a form') form?: string;
  @Given() @Characters(1, 3) characters?: string;
  @Given() @Strings(2, 20) strings?: string[];
  @Given() @Distinct(1, 2) @Characters(1, 20, { each: true }) distinct?: string[];
  @Default(7) @Integer(0, 9) usual!: number;
}

/** What the API's document says of a field: Swagger keeps it by this name. */
function described(field: string): { readonly [word: string]: unknown } {
  const {
    required: _required,
    isArray,
    type,
    ...rest
  } = Reflect.getMetadata('swagger/apiModelProperties', Sample.prototype, field) as Record<string, unknown>;
  const word = typeof type === 'function' ? type.name.toLowerCase() : type;
  return isArray === true ? { ...rest, type: 'array', items: { type: word } } : { ...rest, type: word };
}

const values = fc.oneof(
  fc.constantFrom(null, true, '', 'a', 'b', 'ab', 'abc', 'abcd', '😀😀😀', [], ['a'], ['a', 'a'], ['a', 'b', 'c'], {}),
  fc.constantFrom(-2, -1, 0, 0.000_001, 0.5, 1, 2, 2.5, 3, 4, 10, '1', [1]),
  fc.string({ minLength: 1, maxLength: 5, unit: 'grapheme-ascii' }),
);

test.each(['filled', 'integer', 'amount', 'oneOf', 'form', 'characters', 'strings', 'distinct', 'usual'])(
  'the rule of a field and what is described of it are the same: %s',
  (field) => {
    const fits = new Ajv2020({ strict: false }).compile(described(field));
    let taken = 0;
    fc.assert(
      fc.property(values, (value) => {
        const read = readDto(Sample, { filled: 'x', [field]: value });
        expect('value' in read, JSON.stringify(value)).toBe(fits(value));
        if ('value' in read) taken++;
      }),
      { numRuns: 300 },
    );
    expect(taken).toBeGreaterThan(0);
  },
);

test('an absent field has its default, a given one what is given', () => {
  expect(readDto(Sample, { filled: 'x' })).toMatchObject({ value: { usual: 7 } });
  expect(readDto(Sample, { filled: 'x', usual: 0 })).toMatchObject({ value: { usual: 0 } });
  expect(readDto(Sample, { filled: 'x', usual: null })).toMatchObject({
    faults: [{ path: 'usual', message: 'must be an integer from 0 to 9' }],
  });
});

test('a field that is neither given nor optional is told once', () => {
  expect(readDto(Sample, {}, 'jobs[1]').faults).toEqual([{ path: 'jobs[1].filled', message: 'is required' }]);
});
