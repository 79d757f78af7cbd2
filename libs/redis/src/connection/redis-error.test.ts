import { expect, test } from 'vitest';
import { ScriptNotToldError, answerCode, isBusy, isFull, isOutage, translateRedisError } from './redis-error.js';

const answered = (message: string): Error => Object.assign(new Error(message), { name: 'ReplyError' });
const system = (code: string): Error => Object.assign(new Error(`read ${code}`), { code });

test.each(['LOADING Redis is loading', 'BUSY a script runs', 'READONLY no master', 'MISCONF no disk', 'NOAUTH who?'])(
  'Redis that answers "%s" is away',
  (message) => expect(isOutage(answered(message))).toBe(true),
);

test.each(['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'EAI_AGAIN'])(
  'a connection that ends with %s is lost',
  (code) => expect(isOutage(system(code))).toBe(true),
);

test.each(['Connection is closed.', 'Command aborted due to connection close', 'Command timed out'])(
  'a command that ends with "%s" met an outage',
  (message) => expect(isOutage(new Error(message))).toBe(true),
);

test.each([
  answered('WRONGTYPE Operation against a key holding the wrong kind of value'),
  answered('NOPERM this user has no permissions'),
  answered('ERR The ID specified in XADD is equal or smaller than the target stream top item'),
  answered('ERR a text of a job that has ECONNRESET, LOADING and Connection is closed. in it'),
  new Error('Missing lock for job 1: the socket said LOADING'),
  new TypeError('ETIMEDOUT is not a function'),
  'Connection is closed.',
])('%s is no outage', (error) => expect(isOutage(error)).toBe(false));

test('a script that Redis was not told is waited for', () => {
  expect(isOutage(new ScriptNotToldError('x'))).toBe(true);
});

test('what Redis answers is known by its first word', () => {
  expect(answerCode(answered('OOM command not allowed'))).toBe('OOM');
  expect(isFull(answered('OOM command not allowed'))).toBe(true);
  expect(isFull(new Error('OOM of another'))).toBe(false);
  expect(isBusy(answered('BUSY Redis is busy'))).toBe(true);
  expect(isBusy(answered('ERR the BUSY one'))).toBe(false);
  expect(translateRedisError(system('EPIPE'))).toMatchObject({ code: 'redis.unavailable' });
});
