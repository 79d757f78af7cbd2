import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { signedHeaders } from './signature.js';

const message = { id: 'msg_1', body: '{"a":"ü"}' };
const key = (): string => `whsec_${randomBytes(24).toString('base64')}`;

describe('a signature', () => {
  test('is verified by the specification’s own library, and by no other key', () => {
    const secret = key();
    const headers = { ...signedHeaders(secret, message, Date.now()) };
    expect(new Webhook(secret).verify(message.body, headers)).toEqual({ a: 'ü' });
    expect(() => new Webhook(key()).verify(message.body, headers)).toThrow(/signature/i);
    expect(() => new Webhook(secret).verify('{}', headers)).toThrow(/signature/i);
  });

  test('is there for each key while a receiver changes from one to the next', () => {
    const keys = [key(), 'a-text-that-is-the-key-itself'];
    const headers = { ...signedHeaders(` ${keys.join('\n')} `, message, Date.now()) };
    expect(new Webhook(keys[0] ?? '').verify(message.body, headers)).toBeDefined();
    expect(new Webhook(keys[1] ?? '', { format: 'raw' }).verify(message.body, headers)).toBeDefined();
  });

  test('is not made with an empty key, or one that is not base64', () => {
    expect(() => signedHeaders('  ', message, 0)).toThrow('no key');
    expect(() => signedHeaders('whsec_%%%', message, 0)).toThrow();
    expect(() => signedHeaders('whsec_', message, 0)).toThrow();
  });
});
