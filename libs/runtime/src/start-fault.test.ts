import { RemudaError } from '@remuda/domain';
import { expect, test } from 'vitest';
import { describeStartFault } from './start-fault.js';

test('every fault of the configuration is told on a line of its own, without a stack trace', () => {
  const faults = [
    { path: 'REMUDA_API_PORT', message: 'expected a whole number' },
    { path: 'REMUDA_REDIS_URL', message: 'expected a URL' },
  ];
  const told = describeStartFault(
    'api',
    new RemudaError('config.invalid', 'The environment has 2 fault(s):\n  …', { faults }),
  );
  expect(told).toEqual({
    exitCode: 78,
    lines: [
      'remuda api does not start [config.invalid] The environment has 2 fault(s):',
      '  REMUDA_API_PORT: expected a whole number',
      '  REMUDA_REDIS_URL: expected a URL',
    ],
  });
});

test('what is no error of ours is told with its stack, and the code is 1', () => {
  const told = describeStartFault('api', new TypeError('boom'));
  expect(told.exitCode).toBe(1);
  expect(told.lines[0]).toContain('start-fault.test');
});
