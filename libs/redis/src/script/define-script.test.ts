import type { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { defineScript, type Fragment } from './define-script.js';

/** Keeps what it is asked, and knows every script. */
function listening(): { readonly redis: Redis; readonly asked: unknown[][] } {
  const asked: unknown[][] = [];
  const evalsha = (...args: unknown[]): Promise<unknown> => Promise.resolve(asked.push(args));
  return { redis: { evalsha } as unknown as Redis, asked };
}

test('keys and arguments have their names in the script, and go by name into a call', async () => {
  const script = defineScript({ keys: ['job', 'events'], args: ['now', 'id'] }, 'return now');
  expect(script.lua).toBe('local jobKey, eventsKey = KEYS[1], KEYS[2]\nlocal now, id = ARGV[1], ARGV[2]\nreturn now\n');
  const { redis, asked } = listening();
  await script.run(redis, { args: { id: 'j-1', now: 5 }, keys: { events: 'e', job: 'j' } });
  expect(asked).toEqual([[script.sha, 2, 'j', 'e', 5, 'j-1']]);
});

test('further arguments are a list', async () => {
  const script = defineScript({ keys: ['job'], args: ['now'], rest: 'fields' }, 'return #fields');
  expect(script.lua).toContain('local fields = {unpack(ARGV, 2)}');
  const { redis, asked } = listening();
  await script.run(redis, { keys: { job: 'j' }, args: { now: 1 }, rest: ['a', 2] });
  expect(asked).toEqual([[script.sha, 1, 'j', 1, 'a', 2]]);
});

test('what comes several times is gone through by its names', async () => {
  const each = { keys: ['job', 'events'], args: ['lease', 'count'] } as const;
  const script = defineScript({ keys: ['cursors'], args: ['most'], each }, ({ forEach }) => `${forEach}\nend`);
  expect(script.lua.split('\n').slice(2)).toEqual([
    'for nth = 1, (#ARGV - 1) / 2 do',
    'local jobKey, eventsKey = KEYS[2 + (nth - 1) * 2], KEYS[3 + (nth - 1) * 2]',
    'local lease, count = ARGV[2 + (nth - 1) * 2], ARGV[3 + (nth - 1) * 2]',
    'end',
    '',
  ]);
  const { redis, asked } = listening();
  const one = { keys: { job: 'j1', events: 'e1' }, args: { lease: 1, count: 2 } };
  const other = { keys: { job: 'j2', events: 'e2' }, args: { lease: 3, count: 4 } };
  await script.run(redis, { keys: { cursors: 'c' }, args: { most: 9 }, each: [one, other] });
  expect(asked).toEqual([[script.sha, 5, 'c', 'j1', 'e1', 'j2', 'e2', 9, 1, 2, 3, 4]]);
});

test('a function that several fragments need is there once, before them', () => {
  const now: Fragment = { lua: 'local function now() end' };
  const write: Fragment = { lua: 'local function write() end', needs: [now] };
  const { lua } = defineScript({ keys: [], include: [write, now] }, 'write()');
  expect(lua).toBe('local function now() end\nlocal function write() end\nwrite()\n');
});

test('one that has to run while Redis is full says so to Redis', () => {
  expect(defineScript({ keys: [], whenFull: true }, 'return 1').lua).toBe('#!lua flags=allow-oom\nreturn 1\n');
});

test('two values of one name are refused', () => {
  expect(() => defineScript({ keys: ['job'], args: ['jobKey'] }, 'return 1')).toThrow('jobKey');
});
