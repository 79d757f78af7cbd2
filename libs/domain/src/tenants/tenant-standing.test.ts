import { expect, test } from 'vitest';
import { holdsOf } from './tenant-standing.js';

const now = Date.UTC(2026, 10, 30, 12);
const none = { dayUsd: 0, monthUsd: 0, reservedUsd: 0 };
const holds = (rule: object, seen: object = {}) =>
  holdsOf({ rule, waiting: 0, running: 0, spent: none, heldIn: [], ...seen }, now);

test('without limits nothing holds a tenant up, whatever it has', () => {
  expect(holds({}, { waiting: 1e6, running: 1e3, spent: { dayUsd: 1e6, monthUsd: 1e6, reservedUsd: 9 } })).toEqual([]);
});

test('as many jobs as it may have hold it up until one of them ends', () => {
  expect(holds({ running: 2, waiting: 3 }, { running: 1, waiting: 2 })).toEqual([]);
  expect(holds({ running: 2, waiting: 3 }, { running: 2, waiting: 3 })).toEqual([
    { limit: 'running' },
    { limit: 'waiting' },
  ]);
});

test('dollars hold it up once another job would go beyond them, until they count anew', () => {
  const spent = { dayUsd: 4, monthUsd: 90, reservedUsd: 0.4 };
  expect(holds({ usdPerDay: 5, reserveUsd: 0.6 }, { spent })).toEqual([]);
  expect(holds({ usdPerDay: 5, reserveUsd: 0.7 }, { spent })).toEqual([
    { limit: 'usdPerDay', until: Date.UTC(2026, 11, 1) },
  ]);
  expect(holds({ usdPerMonth: 90.8 }, { spent })).toEqual([{ limit: 'usdPerMonth', until: Date.UTC(2026, 11, 1) }]);
});
