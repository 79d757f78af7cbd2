import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, systemClock } from '@remuda/runtime';
import { expect, test } from 'vitest';
import { Callbacks, type CallbackAddress } from '../../../apps/worker/src/callbacks.js';
import { ask, runBridge, type RunningBridge } from './running-bridge.js';

const grant = { job: 'job-1', worker: 'w-1', lease: 1 };
const body = { requestId: 'job-1', status: 'succeeded', text: 'done' } as const;

const callBack = async (run: RunningBridge, token: string, sent: unknown): Promise<number> =>
  (await ask(run.bridge, { token, path: '/claude-callback', body: JSON.stringify(sent) })).status;

async function countsOf({ bridge }: RunningBridge): Promise<string> {
  const metrics = await (await fetch(`${bridge.addresses.adminUrl}/metrics`)).text();
  return [...metrics.matchAll(/^remuda_bridge_callbacks_total\{outcome="(\w+)".*\} (\d+)$/gm)]
    .map(([, outcome, count]) => `${String(outcome)}=${String(count)}`)
    .join(' ');
}

test('takes a callback of the job that the token is of, twice as once, and no forged one', async () => {
  await using run = await runBridge();
  await run.grant('live-token', grant);
  expect(await callBack(run, 'live-token', body)).toBe(202);
  expect(await callBack(run, 'live-token', body)).toBe(202);
  expect(await callBack(run, 'live-token', { ...body, requestId: 'job-2' })).toBe(403);
  expect(await callBack(run, 'no-token', body)).toBe(401);
  expect(await callBack(run, 'live-token', { ...body, status: 'maybe' })).toBe(400);
  expect(await callBack(run, 'live-token', { ...body, text: 'x'.repeat(1_100_000) })).toBe(413);
  await run.revoke('live-token');
  expect(await callBack(run, 'live-token', body)).toBe(401);
  expect(await countsOf(run)).toBe('accepted=1 repeated=1 forged=1 ended=2 malformed=1 too_large=1');
  expect(run.model.requests).toEqual([]);
});

/** A worker's callbacks, kept in a folder of the test's own. */
async function calling(to: CallbackAddress) {
  const folder = await mkdtemp(join(tmpdir(), 'remuda-callbacks-'));
  const callbacks = new Callbacks({
    to,
    folder,
    clock: systemClock,
    log: createLogger({ name: 't', level: 'silent' }),
  });
  return {
    callbacks,
    kept: () => readdir(folder),
    [Symbol.asyncDispose]: async () => {
      callbacks.close();
      await rm(folder, { recursive: true });
    },
  };
}

test("a worker's callback reaches its bridge through the model's socket", async () => {
  await using run = await runBridge();
  await run.grant('live-token', grant);
  await using worker = await calling({ socket: run.bridge.addresses.model });
  await worker.callbacks.send('live-token', body);
  expect(await countsOf(run)).toBe('accepted=1');
  expect(await worker.kept()).toEqual([]);
});

test('is tried three times, kept while the gateway is away, and sent once it is back', async () => {
  let status = 503;
  const seen: string[] = [];
  const gateway = createServer((request, response) => {
    request
      .setEncoding('utf8')
      .on('data', (chunk: string) => seen.push(`${String(request.headers['x-remuda-token'])} ${chunk}`));
    request.on('end', () => response.writeHead(status).end());
  }).listen(0, '127.0.0.1');
  await once(gateway, 'listening');
  const url = new URL(`http://127.0.0.1:${String((gateway.address() as AddressInfo).port)}/claude-callback`);
  await using worker = await calling({ url });
  await worker.callbacks.send('token', body);
  expect(seen).toEqual(Array(3).fill(`token ${JSON.stringify(body)}`));
  expect(await worker.kept()).toEqual(['job-1.json']);
  await worker.callbacks.again();
  expect(await worker.kept()).toEqual(['job-1.json']);
  status = 202;
  await worker.callbacks.again();
  expect(await worker.kept()).toEqual([]);
  expect(seen).toHaveLength(5);
  gateway.close();
});
