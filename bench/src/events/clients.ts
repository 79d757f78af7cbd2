// Clients of the api: each submits a job that talks, and follows it by Server-Sent Events to its end.
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as sleep } from 'node:timers/promises';
import { isOver, type JobEvent, type JobState } from '@remuda/domain';
import { serve } from '../parts/member.js';
import { eventText, eventsIn, type Talk } from './talk.js';

const [apiUrl = ''] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: Infinity });

/** What the clients saw. */
export interface Seen {
  /** Events that the jobs said. */
  readonly said: number;
  /** Those that came, each once, in order and with its right number. */
  readonly came: number;
  /** Public ids that did not follow on the one before. */
  readonly holes: number;
  /** From an event's making to its arrival, in ms. */
  readonly delayMs: { readonly median: number; readonly p99: number };
}

/** What the clients do. */
export interface ClientPlan {
  readonly jobs: number;
  readonly talk: Talk;
  /** Whether they follow their jobs' events; else they only wait for the end. */
  readonly follow: boolean;
}

serve(async ({ jobs, talk, follow: following }: ClientPlan) => {
  if (!following) return Promise.all(Array.from({ length: jobs }, () => wait(talk)));
  const delays: number[] = [];
  const all = await Promise.all(Array.from({ length: jobs }, () => follow(talk, delays)));
  const sorted = Float64Array.from(delays).sort();
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? NaN;
  return {
    said: jobs * eventsIn(talk),
    came: all.reduce((sum, { came }) => sum + came, 0),
    holes: all.reduce((sum, { holes }) => sum + holes, 0),
    delayMs: { median: at(0.5), p99: at(0.99) },
  } satisfies Seen;
});

async function submit(talk: Talk): Promise<{ readonly url: string; readonly events: string }> {
  const accepted = await call('POST', '/api/v1/jobs', { prompt: JSON.stringify(talk), deltas: true });
  return JSON.parse((await accepted.toArray()).join('')) as { url: string; events: string };
}

async function wait(talk: Talk): Promise<void> {
  const { url } = await submit(talk);
  await sleep(talk.forMs);
  for (;;) {
    const { state } = JSON.parse((await (await call('GET', url)).toArray()).join('')) as { state: JobState };
    if (isOver(state)) return;
    await sleep(500);
  }
}

async function follow(talk: Talk, delays: number[]): Promise<{ came: number; holes: number }> {
  const stream = await call('GET', (await submit(talk)).events);
  let came = 0;
  let holes = 0;
  let last = 0;
  for await (const event of eventsOf(stream)) {
    if (event.id !== last + 1) holes++;
    last = event.id;
    if (event.type !== 'message.delta') continue;
    delays.push(Date.now() - event.at);
    if (event.data.text === eventText(came)) came++;
  }
  return { came, holes };
}

async function* eventsOf(stream: IncomingMessage): AsyncGenerator<JobEvent> {
  const decoder = new StringDecoder('utf8');
  let text = '';
  for await (const chunk of stream) {
    const parts = (text + decoder.write(chunk as Buffer)).split('\n\n');
    text = parts.pop() ?? '';
    for (const part of parts) {
      const data = part.split('\n').find((line) => line.startsWith('data: '));
      // What has no id is no event of the job.
      if (data !== undefined && part.startsWith('id: ')) yield JSON.parse(data.slice('data: '.length)) as JobEvent;
    }
  }
}

async function call(method: string, path: string, body?: unknown): Promise<IncomingMessage> {
  const headers = { 'content-type': 'application/json', accept: 'text/event-stream' };
  const sent = request(`${apiUrl}${path}`, { agent, method, headers });
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  if ((response.statusCode ?? 500) >= 300)
    throw new Error(`${method} ${path}: ${response.statusCode ?? 0} ${(await response.toArray()).join('')}`);
  return response;
}
