import { expect, test } from 'vitest';
import { readSnapshot, readSnapshotNote } from './snapshot.js';

const note = { sessionId: 'e5841831-5c2f-4a94-afbe-415963a94fa3', at: 5, sessionBytes: 7 };
const base = 'a'.repeat(40);

test('a note is read, with a base or without, and nothing else of it', () => {
  expect(readSnapshotNote(JSON.stringify(note))).toEqual(note);
  expect(readSnapshotNote(JSON.stringify({ ...note, base, lease: 9, more: 1 }))).toEqual({ ...note, base });
});

test.each([
  'no json',
  '[]',
  JSON.stringify({ ...note, sessionId: '../../etc/passwd' }),
  JSON.stringify({ ...note, sessionId: '--help' }),
  JSON.stringify({ ...note, sessionBytes: -1 }),
  JSON.stringify({ ...note, sessionBytes: 1.5 }),
  JSON.stringify({ ...note, at: '5' }),
  JSON.stringify({ ...note, base: '--output=/etc/passwd' }),
])('%s is no note', (text) => {
  expect(readSnapshotNote(text)).toBeUndefined();
});

test('a record has the lease and the size besides', () => {
  const snapshot = { ...note, lease: 2, bytes: 100 };
  expect(readSnapshot(JSON.stringify(snapshot))).toEqual(snapshot);
  const copy = { ...snapshot, copy: '0123456789abcdef' };
  expect(readSnapshot(JSON.stringify(copy))).toEqual(copy);
  expect(readSnapshot(JSON.stringify({ ...snapshot, copy: '../0123456789abcd' }))).toBeUndefined();
  expect(readSnapshot(JSON.stringify(note))).toBeUndefined();
});
