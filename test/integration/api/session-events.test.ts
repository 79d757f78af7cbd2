import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RemudaClient, type Message, type SessionEvent } from '@remuda/client';
import { Forgetting, defaultRetention } from '@remuda/redis';
import { systemClock } from '@remuda/runtime';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { startInProcessCluster, type Cluster } from '../cluster/in-process-cluster.js';
import { startRedis, type TestRedis } from '../redis.js';
import { LedEngines } from './led-engine.js';
import { startApi, type RunningApi } from './running-api.js';

let folder: string;
let redis: TestRedis;
let cluster: Cluster;
let api: RunningApi;
let client: RemudaClient;
const engines = new LedEngines();
/** The database may take seconds to start where others want the machine as well. */
const patience = { timeout: 60_000 };
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'remuda-sessions-'));
  redis = await startRedis();
  cluster = await startInProcessCluster({ redisUrl: redis.url, engine: () => engines.make() });
  const env = { REMUDA_STORE_DIR: join(folder, 'store') };
  api = await startApi(redis.url, { namespace: cluster.namespace, profiles: [], env });
  client = new RemudaClient({ url: api.url });
  const isUp = async (): Promise<void> =>
    expect((await api.send('GET', '/metrics')).text).toMatch(/^remuda_archive_up{.*} 1$/m);
  await vi.waitFor(isUp, { ...patience, interval: 50 });
}, 300_000);
afterAll(async () => {
  await api.close();
  await cluster.stop();
  await redis.close();
  await rm(folder, { recursive: true, force: true });
});

/** A turn that a worker carries out; resolves when it is over. */
async function turn(session: string, prompt: string, answer: string): Promise<string> {
  const { id } = await client.sessions.send(session, { prompt });
  const led = await engines.next();
  led.say(answer);
  led.succeed({ text: answer });
  for await (const event of client.follow(id)) if (event.type === 'job.over') return id;
  return id;
}

const idsOf = (events: readonly SessionEvent[]): readonly string[] => events.map(({ id }) => id);
const textsOf = (events: readonly SessionEvent[]): readonly string[] =>
  events.flatMap(({ event }) => (event.type === 'message.text' ? [event.data.text] : []));
const said = (messages: readonly Message[]) => messages.map(({ turn, role, text }) => [turn, role, text]);
const page = async (id: string, query = '') =>
  (await api.send('GET', `/api/v1/sessions/${id}/events?format=json${query}`)).json as unknown as {
    events: SessionEvent[];
    next: string;
    complete: boolean;
    code: string;
  };

async function all(id: string, after?: string): Promise<readonly SessionEvent[]> {
  const events: SessionEvent[] = [];
  for await (const event of client.sessions.follow(id, { ...(after === undefined ? {} : { after }) }))
    events.push(event);
  return events;
}

/** Has Redis forget jobs that are archived. */
async function forget(...gone: readonly string[]): Promise<void> {
  const forgetting = new Forgetting(cluster.redis, cluster.keys, { ...defaultRetention, recentMs: 0 });
  await expect
    .poll(async () => {
      await forgetting.forget(systemClock.now() + 1_000);
      return cluster.redis.exists(...gone.map((id) => cluster.keys.job(id)));
    }, patience)
    .toBe(0);
}

describe('the stream of a session', () => {
  test('has all turns in their order, live, and ends when the session is stopped', async () => {
    const { id } = await client.sessions.create();
    const seen: SessionEvent[] = [];
    const stream = client.sessions.follow(id);
    const until = async (fits: (event: SessionEvent) => boolean): Promise<void> => {
      for (let next = await stream.next(); next.done !== true; next = await stream.next()) {
        seen.push(next.value);
        if (fits(next.value)) return;
      }
    };
    const jobs: string[] = [];
    for (const word of ['one', 'two']) {
      const over = until(({ event }) => event.type === 'job.over');
      jobs.push(await turn(id, `say ${word}`, word));
      await over;
    }
    await client.sessions.stop(id);
    await until(() => false);
    expect(textsOf(seen)).toEqual(['one', 'two']);
    for (const [i, job] of jobs.entries()) {
      const own = seen.filter((event) => event.job === job);
      expect(own.map((event) => event.event.id)).toEqual(own.map((_, at) => at + 1));
      expect(idsOf(own)).toEqual(own.map((_, at) => `${String(i + 1)}.${String(at + 1)}`));
    }
    // The same for one who comes later, behind any event, as pages or as a stream.
    const ids = idsOf(seen);
    for (const [at, after] of ids.entries()) {
      const rest = ids.slice(at + 1);
      const { events, complete, next } = await page(id, `&after=${after}&limit=1000`);
      expect([idsOf(events), complete, next]).toEqual([rest, true, ids.at(-1)]);
    }
    expect(await all(id, ids[3])).toEqual(seen.slice(4));
    expect((await api.send('GET', `/api/v1/sessions/${id}/events?after=${ids.at(-1) ?? ''}`)).status).toBe(204);
    expect(idsOf((await page(id, '&after=2.0')).events)[0]).toBe('2.1');
    const small: string[] = [];
    for (let after = '0'; ;) {
      const { events, next, complete } = await page(id, `&after=${after}&limit=1`);
      small.push(...idsOf(events));
      if (complete) break;
      expect(next).not.toBe(after);
      after = next;
    }
    expect(small).toEqual(ids);
  });

  test('is told over WebSocket too', async () => {
    const { id } = await client.sessions.create();
    await turn(id, 'say a', 'a');
    await client.sessions.stop(id);
    const events = await all(id);
    const socket = new WebSocket(`${api.url.replace('http', 'ws')}/api/v1/stream`);
    const got: unknown[] = [];
    await once(socket, 'open');
    socket.on('message', (data: Buffer) => got.push(JSON.parse(data.toString())));
    socket.send(JSON.stringify({ subscribeSession: id, after: events[0]?.id }));
    socket.send(JSON.stringify({ subscribeSession: 's-none' }));
    socket.send(JSON.stringify({ subscribeSession: id, unsubscribe: 'j-1' }));
    await expect.poll(() => got.length).toBe(events.length + 1);
    const told = got.filter((message) => !('error' in (message as object)));
    expect(told).toEqual(events.slice(1).map((event) => ({ session: id, ...event })));
    expect(got).toContainEqual(
      expect.objectContaining({ session: 's-none', error: expect.objectContaining({ code: 'session.unknown' }) }),
    );
    expect(got).toContainEqual({ error: expect.objectContaining({ code: 'request.invalid' }) });
    socket.close();
  });

  test('refuses ids that are none of its events, and is unknown where its session is', async () => {
    const { id } = await client.sessions.create();
    await turn(id, 'say a', 'a');
    for (const after of ['x', '7', '1.999', '2.1', '0.3', '1.1.1'])
      expect((await page(id, `&after=${after}`)).code, after).toBe('event_id.invalid');
    for (const path of ['events', 'messages'])
      expect((await api.send('GET', `/api/v1/sessions/s-none/${path}`)).json.code).toBe('session.unknown');
    expect((await page(id, '&after=1.1')).complete).toBe(false);
  });

  test('and its messages are the same when Redis has forgotten its turns, and the messages when it is deleted', async () => {
    const { id } = await client.sessions.create();
    const jobs = [await turn(id, 'say one', 'one'), await turn(id, 'say two', 'two')];
    const { events: before } = await page(id, '&limit=1000');
    const messages = await client.sessions.messages(id);
    expect(said(messages)).toEqual([
      [1, 'user', 'say one'],
      [1, 'assistant', 'one'],
      [2, 'user', 'say two'],
      [2, 'assistant', 'two'],
    ]);
    await forget(...jobs);
    expect((await page(id, '&limit=1000')).events).toEqual(before);
    expect(await client.sessions.messages(id)).toEqual(messages);
    const late = await turn(id, 'say three', 'three');
    await client.sessions.stop(id);
    expect((await all(id)).slice(0, before.length)).toEqual(before);
    expect(textsOf(await all(id))).toEqual(['one', 'two', 'three']);
    await client.sessions.remove(id);
    await forget(late);
    await expect.poll(async () => said(await client.sessions.messages(id)).length, patience).toBe(6);
    expect((await client.sessions.messages(id)).slice(0, 4)).toEqual(messages);
    expect(textsOf(await all(id, '1.0'))).toEqual(['one', 'two', 'three']);
    const pages = await client.sessions.messagePage(id, { after: 1, limit: 1 });
    expect(pages).toMatchObject({ next: 2, complete: false, messages: [{ turn: 2 }, { turn: 2 }] });
  });

  test('declares a turn of which nothing is left, once', async () => {
    const id = 's-of-lost-turns';
    await cluster.redis.xadd(cluster.keys.sessionTurns(id), '1-0', 'job', 'j-lost');
    await cluster.redis.hset(cluster.keys.session(id), 'tenant', 'default', 'state', 'stopped');
    await cluster.redis.xadd(cluster.keys.sessionTurns(id), '1-1', 'stopped', '1');
    const events = await all(id);
    expect(events).toMatchObject([{ id: '1.1', event: { type: 'stream.gap' } }]);
    expect((await page(id)).events).toMatchObject([{ id: '1.1', event: { type: 'stream.gap' } }]);
    expect(await all(id, '1.1')).toEqual([]);
    expect(await client.sessions.messages(id)).toEqual([]);
  });

  test('has what a turn says that is under way, and its messages come again until it is over', async () => {
    const { id } = await client.sessions.create();
    await turn(id, 'say a', 'a');
    const { id: job } = await client.sessions.send(id, { prompt: 'think' });
    const led = await engines.next();
    led.say('hm');
    await expect.poll(async () => said(await client.sessions.messages(id)).at(-1)).toEqual([2, 'assistant', 'hm']);
    expect(await client.sessions.messagePage(id)).toMatchObject({ next: 1, complete: false });
    led.fail({ code: 'engine.crashed', message: 'It broke.' });
    await client.cancel(job).catch(() => undefined);
    await client.sessions.stop(id);
  });
});
