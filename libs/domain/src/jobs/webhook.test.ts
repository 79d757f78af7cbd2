import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readHostRules } from '../addresses/host-rules.js';
import { afterWebhookAnswer, webhookDelaysMs, webhookTries, webhookTypeOf, webhookUrlFault } from './webhook.js';

const faultOf = (url: string, hosts = '') =>
  webhookUrlFault(URL.canParse(url) ? new URL(url) : undefined, readHostRules(hosts));

describe('the URL of a webhook', () => {
  test.each(['https://hooks.example.com/x?y=1', 'https://8.8.8.8:8443/', 'https://ü.example/'])('may be %s', (url) =>
    expect(faultOf(url)).toBeUndefined(),
  );

  test.each([
    ['no url', 'must be an https: URL'],
    ['ftp://example.com/', 'must be an https: URL'],
    ['file:///etc/passwd', 'must be an https: URL'],
    ['http://example.com/', 'must be an https: URL (http: only for hosts in REMUDA_WEBHOOK_HOSTS)'],
    ['https://me:secret@example.com/', 'must not contain a user or a password: messages are signed'],
    ['https://example.com/#part', 'must not have a fragment'],
    ['https://localhost/', 'must not point into'],
    ['https://a.localhost./', 'must not point into'],
    ['https://169.254.169.254/latest/meta-data', 'must not point into'],
    ['https://0x7f.1/', 'must not point into'],
    ['https://2130706433/', 'must not point into'],
    ['https://[::ffff:10.0.0.1]/', 'must not point into'],
    ['https://[fd00::1]/', 'must not point into'],
  ])('may not be %s', (url, fault) => expect(faultOf(url)).toContain(fault));

  test('may be of a private host, and without TLS, where the operator allows it', () => {
    for (const url of ['http://127.0.0.1:8080/', 'http://10.1.2.3/', 'http://ci.internal/', 'https://localhost/'])
      expect([url, faultOf(url, '127.0.0.1,10.0.0.0/8,*.internal,localhost')]).toEqual([url, undefined]);
    expect(faultOf('http://8.8.8.8/', '10.0.0.0/8')).toContain('only for hosts');
    expect(faultOf('http://8.8.8.8/', '8.8.8.0/24')).toBeUndefined();
  });
});

test('a webhook tells of the ends that it asks for, by default of all', () => {
  const url = 'https://example.com';
  expect(webhookTypeOf('failed', { url })).toBe('job.failed');
  expect(webhookTypeOf('running', { url })).toBeUndefined();
  expect(webhookTypeOf('succeeded', { url, events: ['job.failed'] })).toBeUndefined();
});

describe('after a try', () => {
  test('any 2xx is a delivery, and 410 ends it', () => {
    expect(afterWebhookAnswer(1, { status: 204 })).toEqual({ kind: 'delivered' });
    expect(afterWebhookAnswer(webhookTries, { status: 200 })).toEqual({ kind: 'delivered' });
    expect(afterWebhookAnswer(1, { status: 410 })).toEqual({ kind: 'failed' });
    expect(afterWebhookAnswer(1, { final: true })).toEqual({ kind: 'failed' });
  });

  test('everything else is tried again after growing waits, no shorter than the receiver asks, and given up at last', () => {
    const status = fc.option(
      fc.integer({ min: 100, max: 599 }).filter((code) => code !== 410 && (code < 200 || code > 299)),
    );
    fc.assert(
      fc.property(status, fc.integer({ min: 0, max: 10 ** 9 }), (code, retryAfterMs) => {
        const answer = { ...(code === null ? {} : { status: code }), retryAfterMs };
        const waits = webhookDelaysMs.map((_, i) => afterWebhookAnswer(i + 1, answer));
        waits.forEach((after, i) => {
          const least = Math.max(webhookDelaysMs[i] ?? 0, Math.min(retryAfterMs, 86_400_000));
          expect(after).toEqual({ kind: 'again', afterMs: least });
        });
        expect(afterWebhookAnswer(webhookTries, answer)).toEqual({ kind: 'failed' });
      }),
    );
    expect(webhookDelaysMs.toSorted((a, b) => a - b)).toEqual(webhookDelaysMs);
  });
});
