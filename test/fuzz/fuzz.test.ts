import { expect, test } from 'vitest';
import { campaign } from './src/campaign.js';
import { operationsOf } from './src/document.js';
import { openStand } from './src/stand.js';
import { holds, tableOf } from './src/table.js';

/** The same requests each time; `npm run fuzz` takes others. */
const seed = 1;

test(
  '20,000 requests to everything that the api describes: none fails, hangs or learns of its insides',
  { timeout: 480_000 },
  async () => {
    const stand = await openStand();
    try {
      const end = await campaign(stand, { requests: 20_000, seed, say: () => undefined });
      expect(holds(end), tableOf(end)).toBe(true);
      const described = operationsOf(stand.document).map(({ name }) => name);
      expect([...end.operations.keys()]).toEqual(expect.arrayContaining([...described, 'elsewhere']));
      // Neither is everything refused for the same first reason, nor is everything taken.
      expect(end.statuses.get('202')).toBeGreaterThan(100);
      expect(end.statuses.get('400')).toBeGreaterThan(4_000);
    } finally {
      await stand.close();
    }
  },
);
