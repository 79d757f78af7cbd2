import { expect, test } from 'vitest';
import { decodeCursor, encodeCursor } from './cursor.js';

test('a cursor comes back as it went', () => {
  const cursor = { at: 1_795_000_000_000, id: 'j-1' };
  expect(decodeCursor(encodeCursor(cursor))).toEqual(cursor);
});

test.each(['', 'x', '../..', Buffer.from('1:J 1').toString('base64url'), `${encodeCursor({ at: 1, id: 'a' })}=`])(
  '%j is no cursor of ours',
  (text) => {
    expect(() => decodeCursor(text)).toThrow(expect.objectContaining({ code: 'cursor.invalid' }));
  },
);
