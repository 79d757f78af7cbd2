import { expect, test } from 'vitest';
import fc from 'fast-check';
import type { JobRecord } from '@remuda/domain';
import { comparePlaces, mergePages, placeOf, type Stretch } from './merge-pages.js';

const job = (at: number, id: string, state = 'succeeded'): JobRecord =>
  ({ id, state, times: { queuedAt: at } }) as JobRecord;
const ids = ({ jobs }: Stretch): readonly string[] => jobs.map(({ id }) => id);

test('a job that both have is listed once, as the first one has it', () => {
  const page = mergePages({ jobs: [job(1, 'a', 'queued')] }, { jobs: [job(1, 'a', 'failed')] }, 10);
  expect(page).toEqual({ jobs: [job(1, 'a', 'queued')] });
});

test('nothing is listed below the place where one of them stopped', () => {
  const page = mergePages({ jobs: [job(9, 'a')], end: { at: 5, id: 'x' } }, { jobs: [job(7, 'b'), job(3, 'c')] }, 10);
  expect(page).toEqual({ jobs: [job(9, 'a'), job(7, 'b')], end: { at: 5, id: 'x' } });
});

test('page by page every job is listed once and in order, however they are spread over the two', () => {
  const jobs = fc.uniqueArray(fc.record({ at: fc.nat(5), id: fc.stringMatching(/^[ab]{1,4}$/) }), {
    selector: ({ id }) => id,
    maxLength: 30,
  });
  fc.assert(
    fc.property(jobs, fc.infiniteStream(fc.nat(2)), fc.integer({ min: 1, max: 7 }), (all, where, limit) => {
      const spread = all.map(({ at, id }) => ({ job: job(at, id), at: Number(where.next().value) }));
      const source = (not: number) =>
        spread
          .filter((one) => one.at !== not)
          .map((one) => one.job)
          .toSorted((a, b) => comparePlaces(placeOf(a), placeOf(b)));
      const stretch = (of: readonly JobRecord[], below: Stretch['end']): Stretch => {
        const rest = of.filter((one) => !below || comparePlaces(placeOf(one), below) > 0);
        const page = rest.slice(0, limit);
        const last = page.at(-1);
        return rest.length > limit && last ? { jobs: page, end: placeOf(last) } : { jobs: page };
      };
      const listed: string[] = [];
      for (let below: Stretch['end'], pages = 0; pages <= all.length; pages++) {
        const page = mergePages(stretch(source(0), below), stretch(source(1), below), limit);
        expect(page.jobs.length).toBeLessThanOrEqual(limit);
        listed.push(...ids(page));
        below = page.end;
        if (!below) break;
      }
      const expected = all.map(({ at, id }) => job(at, id)).toSorted((a, b) => comparePlaces(placeOf(a), placeOf(b)));
      expect(listed).toEqual(expected.map(({ id }) => id));
    }),
  );
});
