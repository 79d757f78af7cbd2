import { expect, test } from 'vitest';
import { artifactBlob, jobOfArtifacts, unwantedArtifacts } from './artifact.js';

const note = { at: 0, lease: 2, copy: '0123456789abcdef', files: 1, bytes: 1, sha256: '', listSha256: '' };
const [archive, list] = [artifactBlob.archive('j-1', note), artifactBlob.list('j-1', note)];
const other = artifactBlob.archive('j-1', { ...note, copy: 'fedcba9876543210' });
const ages = { keepMs: 1_000, unnotedMs: 100 };
const at = (name: string, time: number) => ({ name, at: time });

test('a blob of artifacts tells its job', () => {
  expect([archive, list, 'j-1.2.0123456789abcdef', 'x'].map(jobOfArtifacts)).toEqual([
    'j-1',
    'j-1',
    undefined,
    undefined,
  ]);
});

const archived = { ages, isArchived: true };

test('kept is what a record names, and what no record is there for where an archive may have one, until it is old', () => {
  const noted = new Map([['j-1', note]]);
  const seen = [at(archive, 500), at(list, 500), at(other, 500)];
  expect(unwantedArtifacts(seen, noted, { now: 1_000, ...archived })).toEqual([other]);
  expect(unwantedArtifacts(seen, new Map(), { now: 1_000, ...archived })).toEqual([]);
  expect(unwantedArtifacts(seen, new Map(), { now: 1_000, ages, isArchived: false })).toEqual([archive, list, other]);
  const none = new Map([['j-1', undefined]]);
  expect(unwantedArtifacts(seen, none, { now: 1_000, ...archived })).toEqual([archive, list, other]);
  expect(unwantedArtifacts(seen, noted, { now: 1_501, ...archived })).toEqual([archive, list, other]);
});

test('what was just stored is kept: it may be about to be recorded', () => {
  expect(
    unwantedArtifacts([at(other, 950)], new Map([['j-1', note]]), { now: 1_000, ages, isArchived: false }),
  ).toEqual([]);
  expect(unwantedArtifacts([at('x', 950)], new Map(), { now: 1_000, ages, isArchived: false })).toEqual(['x']);
});
