import { once } from 'node:events';
import { createServer, request, type IncomingMessage } from 'node:http';
import type { Clock } from '@remuda/domain';
import { chooseCredential, openUpstream } from '@remuda/model';
import { bridgeTokenHeader } from '@remuda/protocol';
import { createLogger } from '@remuda/runtime';
import { Registry } from 'prom-client';
import { Listeners } from '@remuda/runtime';
import { createBridgeMetrics } from '../metrics.js';
import type { Budgets } from '../budgets.port.js';
import type { ModelCounts } from '../model-counts.port.js';
import { Callbacks } from '../callbacks/callbacks.js';
import { createModelServer } from './listener.js';
import { BudgetReservations } from './budget/budget-reservations.js';

/** After this many requests, most of the code has been compiled. */
const requests = 20;
const model = 'claude-warm-up';
/** Timeout of each request, in ms. */
const limitMs = 2_000;
/** About as long as the first request of a job. */
const body = JSON.stringify({ model, stream: true, messages: [], system: 'As "ever"\n'.repeat(6_000) });

const said: readonly (readonly [string, object])[] = [
  ['message_start', { message: { model, usage: { input_tokens: 1 } } }],
  ['content_block_start', { index: 0, content_block: { type: 'text', text: '' } }],
  ['content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'x' } }],
  ['message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } }],
  ['message_stop', {}],
];
const answer = said.map(([type, data]) => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`).join('');

/**
 * Sends requests through a listener of its own, to a model of its own, before any client waits: code is compiled on its
 * first run, which would slow down the first jobs of a new bridge. Nothing is counted or logged, and nothing leaves the
 * machine. Rejects if no port is available, or the requests are refused or time out.
 */
export async function warmUp(clock: Clock): Promise<void> {
  const log = createLogger({ name: 'warm-up', level: 'fatal' });
  const listeners = new Listeners();
  const far = createServer((asked, response) => {
    asked.resume().once('end', () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end(answer);
    });
  });
  try {
    const modelUrl = new URL(await listeners.onLoopback('lines', far, 0));
    const upstream = openUpstream(modelUrl, chooseCredential({ credential: 'none', modelUrl }), 1_000);
    const metrics = createBridgeMetrics(new Registry());
    const listener = createModelServer({
      grants: { find: () => Promise.resolve({ job: 'warm-up', worker: 'warm-up', lease: 1, models: [model] }) },
      counts: uncounted,
      metrics,
      upstream,
      extras: { betas: [], fields: [] },
      reservations: new BudgetReservations(unlimited, clock, log),
      callbacks: new Callbacks({ metrics, log }),
      clock,
      log,
      stopping: () => false,
    });
    const url = await listeners.onLoopback('lines', listener, 0);
    for (let i = 0; i < requests; i++) await send(`${url}/v1/messages`);
    upstream.close();
  } finally {
    await listeners.close(0);
  }
}

async function send(url: string): Promise<void> {
  const headers = { 'content-type': 'application/json', [bridgeTokenHeader]: 'warm-up' };
  const asked = request(url, { method: 'POST', headers, signal: AbortSignal.timeout(limitMs) }).end(body);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  await response.toArray();
  if (response.statusCode !== 200)
    throw new Error(`The warm-up request was answered with ${String(response.statusCode)}.`);
}

const nothing = (): Promise<void> => Promise.resolve();
const uncounted: ModelCounts = {
  requested: nothing,
  refused: nothing,
  answered: nothing,
  limited: nothing,
  used: nothing,
};
const unlimited: Budgets = {
  reserve: ({ job, mostMicroUsd }, id) => Promise.resolve({ job, id, microUsd: mostMicroUsd }),
  renew: nothing,
  release: nothing,
};
