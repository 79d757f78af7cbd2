import { expect, test } from 'vitest';
import { withLimit } from './usage-limit.js';

const limited = { code: 'model.rate_limited', message: 'API Error: 429' } as const;

test('a refused request is a limit where the bridge has seen one, and the message says until when', () => {
  const failure = withLimit(limited, Date.UTC(2030, 0, 1));
  expect(failure).toMatchObject({ code: 'model.limit_reached', resetAt: Date.UTC(2030, 0, 1) });
  expect(failure.message).toContain('2030-01-01T00:00:00.000Z');
});

test('without the bridge there is no limit, whatever the worker says', () => {
  expect(withLimit(limited, undefined)).toEqual(limited);
  expect(withLimit({ code: 'model.limit_reached', message: 'x', resetAt: 1e15 }, undefined)).toEqual({
    code: 'model.rate_limited',
    message: 'x',
  });
  expect(withLimit({ code: 'engine.crashed', message: 'x', resetAt: 1e15 }, 5)).toEqual({
    code: 'engine.crashed',
    message: 'x',
  });
});
