import fc from 'fast-check';
import { expect, test } from 'vitest';
import { diskLevel, freshMs, unwantedUploads } from './sweep.js';
import { readUploadBlob, receivedBytes, uploadBlob } from './upload.js';

const id = (n: number): string => `u-${String(n).padStart(32, '0')}`;
const ages = { keepMs: 7 * 86_400_000, unfinishedMs: 86_400_000 };
const now = 100 * 86_400_000;

const blob = fc
  .record({
    upload: fc.integer({ min: 1, max: 3 }),
    what: fc.constantFrom('content', 'record', 'part', 'use'),
    job: fc.integer({ min: 1, max: 3 }),
    age: fc.constantFrom(0, freshMs / 2, 2 * freshMs, 2 * 86_400_000, 30 * 86_400_000),
  })
  .map(({ upload, what, job, age }) => {
    const name =
      what === 'part'
        ? uploadBlob.part(id(upload), job)
        : what === 'use'
          ? uploadBlob.use(id(upload), `j-${String(job)}`)
          : uploadBlob[what as 'content'](id(upload));
    return { name, bytes: 1, at: now - age };
  });
const seenBlobs = fc.uniqueArray(blob, { selector: ({ name }) => name, maxLength: 12 });
const openJobs = fc.subarray(['j-1', 'j-2', 'j-3']).map((jobs) => new Set(jobs));
const levels = fc.constantFrom('enough' as const, 'short' as const, 'emergency' as const);

test('an upload with which an open job begins is never removed, nor what is fresh', () => {
  fc.assert(
    fc.property(seenBlobs, openJobs, levels, (seen, open, level) => {
      const gone = new Set(unwantedUploads(seen, open, { now, ages, level }));
      for (const { name } of seen) {
        const is = readUploadBlob(name);
        if (is?.kind !== 'use' || !open.has(is.job)) continue;
        for (const kept of [name, uploadBlob.content(is.id), uploadBlob.record(is.id)])
          expect(gone).not.toContain(kept);
      }
      for (const { name, at } of seen) if (now - at <= freshMs) expect(gone).not.toContain(name);
    }),
  );
});

test('in the end nothing is left of what no job needs, sooner where the disk is short', () => {
  fc.assert(
    fc.property(seenBlobs, levels, (seen, level) => {
      const later = now + ages.keepMs + 1;
      expect(unwantedUploads(seen, new Set(), { now: later, ages, level })).toHaveLength(seen.length);
      const soon = new Set(unwantedUploads(seen, new Set(), { now, ages, level: 'short' }));
      for (const name of unwantedUploads(seen, new Set(), { now, ages, level: 'enough' })) expect(soon).toContain(name);
    }),
  );
});

test('content and record of an upload go together', () => {
  fc.assert(
    fc.property(seenBlobs, openJobs, levels, (seen, open, level) => {
      const gone = new Set(unwantedUploads(seen, open, { now, ages, level }));
      for (const n of [1, 2, 3]) {
        const both = [uploadBlob.content(id(n)), uploadBlob.record(id(n))].filter((name) =>
          seen.some((one) => one.name === name),
        );
        if (both.length === 2) expect(gone.has(both[0] ?? '')).toBe(gone.has(both[1] ?? ''));
      }
    }),
  );
});

test('what is no blob of an upload goes once it is not fresh', () => {
  const seen = [{ name: 'else', bytes: 1, at: 0 }];
  expect(unwantedUploads(seen, new Set(), { now, ages, level: 'enough' })).toEqual(['else']);
});

test.each([
  [undefined, 'enough'],
  [1_000, 'enough'],
  [999, 'short'],
  [250, 'short'],
  [249, 'emergency'],
])('with %s bytes free of 1000 the disk has the level %s', (free, level) => {
  expect(diskLevel(free, 1_000)).toBe(level);
});

test('a name of a blob says what it is, and no other name does', () => {
  for (const is of [
    { id: id(1), kind: 'content' as const },
    { id: id(1), kind: 'record' as const },
  ])
    expect(readUploadBlob(uploadBlob[is.kind](is.id))).toEqual(is);
  expect(readUploadBlob(uploadBlob.part(id(1), 42))).toEqual({ id: id(1), kind: 'part', from: 42 });
  expect(readUploadBlob(uploadBlob.use(id(1), 'j-1'))).toEqual({ id: id(1), kind: 'use', job: 'j-1' });
  for (const name of ['u-1.tgz', `${id(1)}.part.x`, `${id(1)}.exe`, id(1), 'job.1'])
    expect(readUploadBlob(name)).toBeUndefined();
});

test('received is what is there without a hole', () => {
  expect(receivedBytes([])).toBe(0);
  expect(
    receivedBytes([
      { from: 8, bytes: 2 },
      { from: 0, bytes: 8 },
      { from: 11, bytes: 1 },
    ]),
  ).toBe(10);
});
