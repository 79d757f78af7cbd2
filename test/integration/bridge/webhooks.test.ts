import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RedisWebhooks, WebhookConsumer, WebhookOutbox } from '@remuda/redis';
import { connectRaw } from '@remuda/redis/testing';
import { createLogger, EnvironmentVault, systemClock } from '@remuda/runtime';
import { readHostRules, type Webhook } from '@remuda/domain';
import { jobRef, jobSpec } from '@remuda/testing';
import { Webhook as Verifier } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createBridgeMetrics } from '../../../apps/bridge/src/metrics.js';
import { startDelivering } from '../../../apps/bridge/src/webhooks/deliver.js';
import { openRedisJobs } from '../../contract/redis-jobs.js';
import { startRedis, type TestRedis } from '../redis.js';

const key = 'whsec_c2VjcmV0LW9mLXRoZS10ZXN0LXdlYmhvb2s=';

let server: TestRedis;
let runs = 0;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.close());

/** A server that keeps what it got, and answers each as told. */
async function receiver(answers: ((response: ServerResponse) => void)[] = []) {
  const got: { readonly path: string; readonly headers: IncomingHttpHeaders; readonly body: string }[] = [];
  const http = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      got.push({ path: request.url ?? '', headers: request.headers, body });
      const answer = answers.shift() ?? ((to) => to.writeHead(204).end());
      answer(response);
    });
  });
  await once(http.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${String((http.address() as AddressInfo).port)}/hook`;
  return { got, url, [Symbol.asyncDispose]: () => new Promise<void>((done) => void http.close(() => done())) };
}

const status =
  (code: number, headers = {}) =>
  (response: ServerResponse) =>
    void response.writeHead(code, headers).end('x');

/** Jobs in Redis, and one that delivers their webhooks, as the bridge does. */
async function delivering(
  options: { readonly hosts?: string; readonly secret?: string; readonly resolve?: () => Promise<string[]> } = {},
) {
  const jobs = await openRedisJobs(server.url, `webhooks-${String(++runs)}`);
  const connect = (name: string) => connectRaw(server.url, { name });
  const [reader, shared] = [connect('test-ends'), connect('test-webhooks')];
  const queue = new RedisWebhooks(shared, jobs.keys);
  const start = () =>
    startDelivering({
      outbox: new WebhookOutbox(reader, shared, jobs.keys),
      queue,
      consume: (how) =>
        new WebhookConsumer({ ...how, connection: shared, keys: jobs.keys, now: Date.now, concurrency: 4 }),
      vault: new EnvironmentVault({ REMUDA_SECRET_WEBHOOK_SECRET: options.secret ?? key }),
      hosts: readHostRules(options.hosts ?? '127.0.0.1'),
      resolve: options.resolve ?? (() => Promise.reject(new Error('no names here'))),
      metrics: createBridgeMetrics(),
      clock: systemClock,
      log: createLogger({ name: 'test', level: 'silent' }),
    });
  let running = start();
  let submitted = 0;
  /** A job with a webhook that is cancelled while it waits. */
  const ended = async (webhook: Webhook) => {
    const ref = jobRef(`j-${String(++submitted)}`);
    await jobs.store.submit([{ id: ref.id, spec: jobSpec({ webhook }) }]);
    await jobs.store.cancel(ref, 'No longer needed.');
    return ref;
  };
  const delivery = async (ref: { tenant: string; id: string }) => (await queue.deliveries(ref))[0];
  return {
    ...{ jobs, queue, ended, delivery },
    stop: () => running.close(1_000),
    start: () => (running = start()),
    until: (ref: { tenant: string; id: string }, wanted: object) =>
      vi.waitFor(async () => expect(await delivery(ref)).toMatchObject(wanted), { timeout: 20_000, interval: 20 }),
    [Symbol.asyncDispose]: async () => {
      await running.close(1_000);
      await queue.close();
      reader.disconnect();
      shared.disconnect();
      await jobs.close();
    },
  };
}

describe('the end of a job with a webhook', () => {
  test('is told by a signed message with its result, once', async () => {
    await using hook = await receiver();
    await using bridge = await delivering();
    const ref = await bridge.ended({ url: hook.url });
    await bridge.until(ref, { state: 'delivered', status: 204, tries: 1, type: 'job.cancelled', url: hook.url });
    expect(hook.got).toHaveLength(1);
    const [{ path, headers, body }] = hook.got as [(typeof hook.got)[0]];
    expect([path, headers['content-type']]).toEqual(['/hook', 'application/json']);
    const told = new Verifier(key).verify(body, headers as Record<string, string>);
    expect(told).toMatchObject({ type: 'job.cancelled', data: { id: ref.id, state: 'cancelled' } });
    expect(headers['webhook-id']).toBe((await bridge.delivery(ref))?.id);
  });

  test('is not told where the webhook does not ask for it, nor of a job without one', async () => {
    await using hook = await receiver();
    await using bridge = await delivering();
    const quiet = await bridge.ended({ url: hook.url, events: ['job.failed'] });
    const told = await bridge.ended({ url: hook.url });
    await bridge.until(told, { state: 'delivered' });
    expect(await bridge.queue.deliveries(quiet)).toEqual([]);
    expect(hook.got).toHaveLength(1);
    expect(await bridge.jobs.redis.xlen(bridge.jobs.keys.webhooks)).toBe(0);
  });

  test('is told later if nobody delivers now', async () => {
    await using hook = await receiver();
    await using bridge = await delivering();
    await bridge.stop();
    const ref = await bridge.ended({ url: hook.url });
    expect(await bridge.queue.deliveries(ref)).toEqual([]);
    bridge.start();
    await bridge.until(ref, { state: 'delivered' });
  });

  test('is another tenant’s secret', async () => {
    await using hook = await receiver();
    await using bridge = await delivering();
    const ref = await bridge.ended({ url: hook.url });
    await bridge.until(ref, { state: 'delivered' });
    expect(await bridge.queue.deliveries({ ...ref, tenant: 'other' })).toEqual([]);
    expect(await bridge.queue.replay({ ...ref, tenant: 'other' })).toBeUndefined();
  });
});

describe('a message', () => {
  test('that the receiver does not take is tried again, and on demand at once: the same one', async () => {
    await using hook = await receiver([status(503)]);
    await using bridge = await delivering();
    const ref = await bridge.ended({ url: hook.url });
    await bridge.until(ref, { state: 'waiting', status: 503, failure: 'HTTP 503', tries: 1 });
    const { nextAt = 0, triedAt = 0 } = (await bridge.delivery(ref)) ?? {};
    expect(nextAt - triedAt).toBeGreaterThan(4_000);
    expect(await bridge.queue.replay(ref)).toBe((await bridge.delivery(ref))?.id);
    await bridge.until(ref, { state: 'delivered', status: 204, tries: 2 });
    const [first, second] = hook.got;
    expect([second?.headers['webhook-id'], second?.body]).toEqual([first?.headers['webhook-id'], first?.body]);
  });

  test('that was delivered is sent again on demand, with its id', async () => {
    await using hook = await receiver();
    await using bridge = await delivering();
    const ref = await bridge.ended({ url: hook.url });
    await bridge.until(ref, { state: 'delivered' });
    await bridge.queue.replay(ref);
    await vi.waitUntil(() => hook.got.length === 2, { timeout: 20_000 });
    expect(hook.got[1]?.headers['webhook-id']).toBe(hook.got[0]?.headers['webhook-id']);
  });

  test('waits as long as the receiver asks', async () => {
    await using hook = await receiver([status(429, { 'retry-after': '3600' })]);
    await using bridge = await delivering();
    const ref = await bridge.ended({ url: hook.url });
    await bridge.until(ref, { state: 'waiting', status: 429 });
    const { nextAt = 0, triedAt = 0 } = (await bridge.delivery(ref)) ?? {};
    expect(nextAt - triedAt).toBeGreaterThan(3_590_000);
  });

  test('is given up when the receiver is gone for good', async () => {
    await using hook = await receiver([status(410)]);
    await using bridge = await delivering();
    const ref = await bridge.ended({ url: hook.url });
    await bridge.until(ref, { state: 'failed', status: 410, tries: 1 });
  });

  test('does not follow a redirect, to a metadata address or elsewhere', async () => {
    await using inner = await receiver();
    await using hook = await receiver([status(307, { location: inner.url })]);
    await using bridge = await delivering();
    const ref = await bridge.ended({ url: hook.url });
    await bridge.until(ref, { state: 'waiting', failure: 'HTTP 307 (redirects are not followed)' });
    expect(inner.got).toEqual([]);
  });

  test('is not sent to an address that the operator does not allow, whatever the name meant before', async () => {
    await using hook = await receiver();
    await using bridge = await delivering({ hosts: '10.0.0.0/8', resolve: () => Promise.resolve(['127.0.0.1']) });
    const port = new URL(hook.url).port;
    const direct = await bridge.ended({ url: hook.url });
    await bridge.until(direct, { state: 'failed', failure: expect.stringContaining('REMUDA_WEBHOOK_HOSTS') });
    const named = await bridge.ended({ url: `https://hooks.example.com:${port}/` });
    await bridge.until(named, { state: 'waiting', failure: expect.stringContaining('is a loopback address') });
    expect(hook.got).toEqual([]);
  });

  test('is not sent unsigned: it says which secret is missing', async () => {
    await using hook = await receiver();
    await using bridge = await delivering({ secret: '' });
    const ref = await bridge.ended({ url: hook.url });
    const failure = 'The bridge has no secret WEBHOOK_SECRET of the tenant to sign with.';
    await bridge.until(ref, { state: 'waiting', failure });
    expect(hook.got).toEqual([]);
  });

  test('whose receiver breaks the connection, or answers without an end, does not hold others up', async () => {
    await using hook = await receiver([
      (response) => response.socket?.destroy(),
      (response) => {
        response.writeHead(200);
        const more = (): void => {
          response.write('x'.repeat(65_536), () => {
            if (!response.destroyed) more();
          });
        };
        more();
      },
    ]);
    await using bridge = await delivering();
    const broken = await bridge.ended({ url: hook.url });
    await bridge.until(broken, { state: 'waiting', failure: expect.stringContaining('No answer') });
    const endless = await bridge.ended({ url: hook.url });
    await bridge.until(endless, { state: 'delivered' });
    const next = await bridge.ended({ url: hook.url });
    await bridge.until(next, { state: 'delivered' });
  });
});
