import { describe, expect, test } from 'vitest';
import { parseRedisUrl } from './connect.js';

describe('a URL of Redis', () => {
  test('names one server', () => {
    expect(parseRedisUrl('redis://u:p%40@h:1/2')).toEqual({ host: 'h', port: 1, db: 2, username: 'u', password: 'p@' });
  });

  test('names sentinels, and what they call the master', () => {
    expect(parseRedisUrl('redis+sentinel://u:p%40@a:1,b,[::1]:3/main/2')).toEqual({
      sentinels: [
        { host: 'a', port: 1 },
        { host: 'b', port: 26_379 },
        { host: '::1', port: 3 },
      ],
      name: 'main',
      db: 2,
      username: 'u',
      password: 'p@',
    });
  });

  test('may name an account at the sentinels, which is another one', () => {
    expect(parseRedisUrl('redis+sentinel://a/main?sentinelUser=s&sentinelPassword=t')).toMatchObject({
      sentinelUsername: 's',
      sentinelPassword: 't',
    });
  });

  test.each([
    'redis+sentinel://a:1',
    'redis+sentinel:///main',
    'redis+sentinel://a:0/main',
    'redis+sentinel://a:x/main',
  ])('%s is refused', (url) => {
    expect(() => parseRedisUrl(url)).toThrow('redis+sentinel://[user:password@]');
  });

  test('that is refused is told without its password', () => {
    expect(() => parseRedisUrl('redis+sentinel://u:secret@a:0/main')).toThrow(/^(?!.*secret)/s);
  });
});
