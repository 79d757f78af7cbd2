import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { PassedOver, logTo, passOver } from './queue-log.js';

const unconnected = (): Redis => new Redis({ lazyConnect: true });

function heard() {
  const lines: string[] = [];
  const redis = unconnected();
  const say = (level: string) => (_fields: object, message: string) => void lines.push(`${level}: ${message}`);
  logTo(redis, { warn: say('warn'), debug: say('debug') });
  return { lines, redis };
}

test('what is passed over is said: an outage at debug, all else at warn', () => {
  const { lines, redis } = heard();
  passOver(redis, 'it waits')(new Error('Connection is closed.'));
  passOver(redis, 'it is left out')(new Error('odd'));
  expect(lines).toEqual(['debug: it waits', 'warn: it is left out']);
});

test('what comes again and again is said once, until it went well', () => {
  const { lines, redis } = heard();
  const passed = new PassedOver(redis, 'again');
  for (let i = 0; i < 3; i++) passed.say(new Error('odd'));
  expect(lines).toHaveLength(1);
  passed.wentWell();
  passed.say(new Error('odd'));
  passed.say(new Error('odder'));
  expect(lines).toHaveLength(3);
});

test('a connection without a log says nothing', () => {
  expect(() => passOver(unconnected(), 'x')(new Error('odd'))).not.toThrow();
});
