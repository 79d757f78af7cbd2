import { expect, test } from 'vitest';
import { ago, dollars, duration } from './amounts.js';

test('amounts are as long as a person wants them', () => {
  expect([0, 0.00891, 12.5].map(dollars)).toEqual(['$0', '$0.0089', '$12.50']);
  expect([850, 12_340, 250_000, 7_500_000].map(duration)).toEqual(['850 ms', '12.3 s', '4 min 10 s', '2 h 5 min']);
  expect([500, 12_000, 250_000, 7_500_000, 1.8e8].map(ago)).toEqual([
    'now',
    '12 s ago',
    '4 min ago',
    '2 h ago',
    '2 d ago',
  ]);
});
