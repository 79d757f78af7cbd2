import { expect, test } from 'vitest';
import { ApiError, ConnectionError } from '@remuda/client';
import { reasonsOf } from './view/pool-table.js';
import { codeOfError, codeOfState } from './exit-code.js';
import { UsageError } from './usage-error.js';

test('the exit code tells a script what became of its job', () => {
  expect((['succeeded', 'failed', 'cancelled'] as const).map(codeOfState)).toEqual([0, 1, 3]);
});

test('and what kept it from being one', () => {
  const errors = [
    new UsageError('wrong'),
    new ApiError(400, 'request.invalid', 'wrong'),
    new ApiError(503, 'redis.unavailable', 'away'),
    new ConnectionError('http://x', new Error('refused')),
    new Error('what nobody thought of'),
  ];
  expect(errors.map(codeOfError)).toEqual([2, 2, 69, 69, 1]);
});

test('a pool tells why it does less than it might', () => {
  const halts = [{ kind: 'paused' as const, reason: 'An upgrade.', since: '', everywhere: false }];
  const waits = [{ reason: 'cpu' as const, message: 'No node has a CPU left.', workers: 2 }];
  expect(
    reasonsOf({ halts, starts: { atOnce: 1, limitMs: 1, failed: 3, heldMs: 0, failure: 'No image.', waits } }),
  ).toEqual(['paused: An upgrade.', '3 starts failed: No image.', '2 starting workers wait: No node has a CPU left.']);
});
