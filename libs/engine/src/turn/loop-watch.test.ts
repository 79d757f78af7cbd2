import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LoopWatch } from './loop-watch.js';

const call = (tool: string, input: unknown = {}, caller = '') => ({ caller, tool, input });

describe('a loop', () => {
  it('is told at the third equal call in a row and at every third one after it', () => {
    const watch = new LoopWatch(3);
    const told = Array.from({ length: 7 }, () => watch.see(call('Bash', { command: 'ls' })));
    expect(told.map((loop) => loop?.count)).toEqual([undefined, undefined, 3, undefined, undefined, 6, undefined]);
  });

  it('begins anew after another call', () => {
    const watch = new LoopWatch(2);
    watch.see(call('Bash', { command: 'ls' }));
    watch.see(call('Bash', { command: 'pwd' }));
    expect(watch.see(call('Bash', { command: 'ls' }))).toBeUndefined();
    expect(watch.see(call('Read', { command: 'ls' }))).toBeUndefined();
  });

  it('does not depend on the order of fields, and does on that of lists', () => {
    const watch = new LoopWatch(2);
    watch.see(call('T', { a: 1, b: { c: 2, d: [1, 2] } }));
    expect(watch.see(call('T', { b: { d: [1, 2], c: 2 }, a: 1 }))).toEqual({ tool: 'T', count: 2 });
    expect(watch.see(call('T', { b: { d: [2, 1], c: 2 }, a: 1 }))).toBeUndefined();
  });

  it('takes what looks alike for different: a list and an object, a number and a text, a field that could be a prototype', () => {
    const inputs = [[['a', 1]], { a: 1 }, { a: '1' }, { fields: [['a', 1]] }, JSON.parse('{"__proto__":1}'), {}, null];
    const watch = new LoopWatch(2);
    expect(inputs.map((input) => watch.see(call('T', input)))).toEqual(inputs.map(() => undefined));
  });
});

const anyCall = fc.record({
  caller: fc.constantFrom('', 'sub'),
  tool: fc.constantFrom('Bash', 'Read'),
  input: fc.constantFrom<unknown>({ a: 1 }, { a: 2 }, [], null),
});

/** How many of the caller's last calls are equal, counted the slow way. */
function inARow(calls: readonly { readonly caller: string; readonly tool: string; readonly input: unknown }[]): number {
  const last = calls.at(-1);
  const row = calls
    .filter((each) => each.caller === last?.caller)
    .map(({ tool, input }) => JSON.stringify([tool, input]));
  return row.length - 1 - row.findLastIndex((each) => each !== row.at(-1));
}

it('is told exactly when the row of its caller is a multiple, whatever calls go by', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 5 }), fc.array(anyCall, { maxLength: 60 }), (after, calls) => {
      const watch = new LoopWatch(after);
      for (const [i, each] of calls.entries()) {
        const count = inARow(calls.slice(0, i + 1));
        expect(watch.see(each)).toEqual(count % after === 0 ? { tool: each.tool, count } : undefined);
      }
    }),
  );
});
