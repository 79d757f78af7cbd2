import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fitOf, formatIn, isUnderstood, planStorage, type Formats } from './format.js';

const format = fc.integer({ min: 1, max: 1_000 });
const formats: fc.Arbitrary<Formats> = fc
  .tuple(format, format)
  .map(([a, b]) => ({ own: Math.max(a, b), oldest: Math.min(a, b) }));

test('just what lies between the oldest and the own format is understood', () => {
  fc.assert(
    fc.property(format, formats, (number, known) => {
      expect(isUnderstood(number, known)).toBe(number >= known.oldest && number <= known.own);
      expect(fitOf(number, known) === 'newer').toBe(number > known.own);
      expect(fitOf(number, known) === 'outdated').toBe(number < known.oldest);
    }),
  );
});

test('what says no number has the first one', () => {
  fc.assert(
    fc.property(formats, (known) => {
      expect(fitOf(undefined, known)).toBe(fitOf(1, known));
      const [nothing, one] = [planStorage(undefined, known), planStorage('1', known)];
      expect(nothing.kind === 'refuse').toBe(one.kind === 'refuse');
    }),
  );
  expect(formatIn({})).toBe(1);
});

test('what is no whole number from 1 is understood by nobody', () => {
  const odd = fc.oneof(
    fc.constantFrom<unknown>(0, -1, 1.5, NaN, Infinity, '1', '', null, true, [1], { v: 1 }),
    fc.anything().filter((value) => value !== undefined && !(Number.isSafeInteger(value) && Number(value) > 0)),
  );
  fc.assert(
    fc.property(odd, formats, (value, known) => {
      expect(fitOf(value, known)).toBe('unreadable');
      expect(formatIn({ v: value })).toBeUndefined();
    }),
  );
});

test('a later release understands what an earlier one wrote as long as it says so, and never the other way round', () => {
  fc.assert(
    fc.property(formats, format, (earlier, more) => {
      const later = { own: earlier.own + more, oldest: earlier.oldest };
      expect(fitOf(earlier.own, later)).toBe('older');
      expect(fitOf(later.own, earlier)).toBe('newer');
    }),
  );
});

test('keys are touched only where they are understood, and translated from where they are', () => {
  fc.assert(
    fc.property(format, formats, (found, known) => {
      const plan = planStorage(String(found), known);
      if (found === known.own) expect(plan).toEqual({ kind: 'keep' });
      else if (isUnderstood(found, known)) expect(plan).toEqual({ kind: 'raise', from: found });
      else expect(plan).toEqual({ kind: 'refuse', why: found > known.own ? 'newer' : 'outdated' });
    }),
  );
});

test.each(['', '0', '01', '1.0', '-1', '1 ', 'one', '1e999', '99999999999999999999'])(
  'a number of the keys that reads %j is refused',
  (found) => {
    expect(planStorage(found, { own: 3, oldest: 1 })).toEqual({ kind: 'refuse', why: 'unreadable' });
  },
);
