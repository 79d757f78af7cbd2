import { expect, test } from 'vitest';
import { sized } from '../proof-size.js';
import { campaign } from './src/campaign.js';
import { operationsOf } from './src/document.js';
import { openStand } from './src/stand.js';
import { holds, tableOf } from './src/table.js';

/** The same requests each time; `npm run fuzz` takes others. */
const seed = 1;
const requests = sized({ small: 2_000, whole: 20_000 });

test(
  `${requests.toLocaleString('en')} requests to everything that the api describes: none fails, hangs or learns of its insides`,
  { timeout: 480_000 },
  async () => {
    const stand = await openStand();
    try {
      const end = await campaign(stand, { requests, seed, say: () => undefined });
      expect(holds(end), tableOf(end)).toBe(true);
      const described = operationsOf(stand.document).map(({ name }) => name);
      expect([...end.operations.keys()]).toEqual(expect.arrayContaining([...described, 'elsewhere']));
      // Neither is everything refused for the same first reason, nor is everything taken.
      expect(end.statuses.get('202')).toBeGreaterThan(requests / 400);
      expect(end.statuses.get('400')).toBeGreaterThan(requests / 5);
    } finally {
      await stand.close();
    }
  },
);
