import type { FailureCode, JobEvent } from '@remuda/domain';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApiCluster } from './api-cluster.js';
import type { ApiCluster } from './api-cluster.js';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { openSse } from './sse-client.js';

let cluster: ApiCluster;
let redis: RawConnection;
beforeAll(async () => {
  cluster = await startApiCluster();
  redis = connectRaw(cluster.redis.url, { name: 'test' });
});
afterAll(async () => {
  redis.disconnect();
  await cluster.stop();
});

const get = async (path: string) => (await cluster.api.send('GET', path)).json;
const post = (path: string, body?: object) => cluster.api.send('POST', path, body);
const types = (events: readonly JobEvent[]) => events.map((event) => event.type);
const eventsOf = async (id: string) => (await openSse(cluster.api.url, id)).rest();

/** Submits a job whose every attempt fails so, and waits for its end. */
async function failed(code: FailureCode, body: object = {}): Promise<string> {
  const { id, led } = await cluster.begin({ attempts: 1, ...body });
  led.fail({ code, message: `It was ${code}.`, lastLines: ['one', 'two'] });
  await eventsOf(id);
  return id;
}

async function letters(query = ''): Promise<readonly string[]> {
  return (await get(`/api/v1/dead-letters?${query}`)).deadLetters.map((job) => job.id);
}

describe("a job's attempts", () => {
  test('are kept, each with when, where and why it ended', async () => {
    const { id, led } = await cluster.begin({ attempts: 2 });
    led.fail({
      code: 'engine.crashed',
      message: 'first',
      lastLines: Array.from({ length: 100 }, () => 'x'.repeat(999)),
    });
    const again = await cluster.engines.next();
    again.fail({ code: 'model.overloaded', message: 'second' });
    await eventsOf(id);
    const { attempts } = await get(`/api/v1/jobs/${id}/attempts`);
    expect(attempts).toMatchObject([
      {
        ...{
          attempt: 1,
          class: 'infrastructure',
          status: 502,
          start: { kind: expect.stringMatching(/^(warm|cold)$/) as string },
        },
        failure: { code: 'engine.crashed', message: 'first' },
      },
      { attempt: 2, class: 'model', status: 503, failure: { code: 'model.overloaded', message: 'second' } },
    ]);
    const [first] = attempts;
    expect(Date.parse(first?.startedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(first?.claimedAt ?? ''));
    expect(Date.parse(first?.endedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(first?.startedAt ?? ''));
    expect(first?.worker).toMatch(/^w-/);
    expect(JSON.stringify(first?.failure.lastLines).length).toBeLessThan(40 * 600);
  });

  test('of a success are none, and of an unknown job neither', async () => {
    const { id, led } = await cluster.begin();
    led.succeed();
    await eventsOf(id);
    expect(await get(`/api/v1/jobs/${id}/attempts`)).toEqual({ attempts: [] });
    expect((await cluster.api.send('GET', '/api/v1/jobs/j-none/attempts')).json.code).toBe('job.unknown');
  });
});

describe('dead letters', () => {
  test('are the failed jobs that might end otherwise, by profile, code and class, page by page', async () => {
    const crashed = await failed('engine.crashed');
    const overloaded = await failed('model.overloaded');
    const mine = await failed('budget.exhausted');
    expect((await letters()).slice(0, 2)).toEqual([overloaded, crashed]);
    expect(await letters('limit=200')).not.toContain(mine);
    expect(await letters('class=model&limit=1')).toEqual([overloaded]);
    expect((await letters('code=engine.crashed'))[0]).toBe(crashed);
    expect(await letters('profile=other')).toEqual([]);
    const { nextCursor } = await get('/api/v1/dead-letters?limit=1');
    expect((await letters(`limit=1&cursor=${nextCursor ?? ''}`))[0]).toBe(crashed);
    expect((await get('/api/v1/dead-letters?class=bad')).code).toBe('request.invalid');
  });

  test('say why: the class, the code and the last lines of every attempt', async () => {
    const id = await failed('engine.crashed');
    expect(await get(`/api/v1/dead-letters/${id}`)).toMatchObject({
      ...{ id, state: 'failed', class: 'infrastructure' },
      history: [
        { attempt: 1, class: 'infrastructure', failure: { code: 'engine.crashed', lastLines: ['one', 'two'] } },
      ],
    });
  });
});

describe('a redrive', () => {
  test('is a further attempt of the same job, with a fresh allowance, and its events go on', async () => {
    const id = await failed('engine.crashed');
    const before = await eventsOf(id);
    const answer = await post(`/api/v1/dead-letters/${id}/redrive`);
    expect(answer.status).toBe(202);
    const led = await cluster.engines.next();
    expect(await letters()).not.toContain(id);
    // Whoever begins anew does not stop at the end of before, nor does who has seen that end already.
    const anew = await openSse(cluster.api.url, id);
    const onwards = await openSse(cluster.api.url, id, before.at(-1)?.id);
    expect(onwards.status).toBe(200);
    expect((await get(`/api/v1/jobs/${id}/events?format=json`)) as object).toMatchObject({ complete: false });
    led.succeed();
    const all = await anew.rest();
    expect(types(all)).toEqual([...types(before), 'job.redriven', 'job.assigned', 'attempt.restarted', 'job.over']);
    expect(await onwards.rest()).toEqual(all.slice(before.length));
    expect(await get(`/api/v1/jobs/${id}`)).toMatchObject({ state: 'succeeded', attempt: 2, failures: 0 });
    expect((await get(`/api/v1/jobs/${id}/attempts`)).attempts).toHaveLength(1);
    expect((await get(`/api/v1/jobs/${id}/events?format=json`)) as object).toMatchObject({ complete: true });
  });

  test('happens once, however often it is asked for', async () => {
    const id = await failed('model.unreachable');
    const answers = await Promise.all([1, 2, 3].map(() => post(`/api/v1/dead-letters/${id}/redrive`)));
    expect(answers.map((answer) => answer.status).toSorted()).toEqual([202, 409, 409]);
    (await cluster.engines.next()).succeed();
    expect(types(await eventsOf(id)).filter((type) => type === 'job.redriven')).toHaveLength(1);
    const { json } = await post(`/api/v1/dead-letters/${id}/redrive`);
    expect(json).toMatchObject({ code: 'job.not_redrivable', detail: expect.stringContaining('succeeded') as string });
  });

  test('lets a job fail again, and be redriven again', async () => {
    const id = await failed('engine.crashed');
    for (let attempt = 2; attempt < 4; attempt++) {
      await post(`/api/v1/dead-letters/${id}/redrive`);
      (await cluster.engines.next()).fail({ code: 'engine.crashed', message: 'again' });
      await eventsOf(id);
      expect(await get(`/api/v1/dead-letters/${id}`)).toMatchObject({ state: 'failed', attempt });
    }
    expect((await get(`/api/v1/dead-letters/${id}`)).history.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  });

  test('keeps what would have been forgotten: nothing of the job ends by time any more', async () => {
    const id = await failed('engine.crashed', { ttlMs: 3_600_000 });
    const keysOf = ['', ':prompt', ':events', ':attempts'].map((part) => `{${cluster.api.namespace}}:job:${id}${part}`);
    const left = () => Promise.all(keysOf.map((key) => redis.pttl(key)));
    for (const ms of await left()) expect(ms).toBeGreaterThan(0);
    await post(`/api/v1/dead-letters/${id}/redrive`);
    expect(await left()).toEqual([-1, -1, -1, -1]);
    (await cluster.engines.next()).succeed();
    await eventsOf(id);
    for (const ms of await left()) expect(ms).toBeGreaterThan(0);
  });

  test('is refused when the prompt is no longer held', async () => {
    const id = await failed('engine.crashed');
    await redis.del(`{${cluster.api.namespace}}:job:${id}:prompt`);
    const { status, json } = await post(`/api/v1/dead-letters/${id}/redrive`);
    expect(status).toBe(409);
    expect(json.code).toBe('job.not_redrivable');
  });

  test('of many has an outcome for each, by ids or by a filter', async () => {
    const one = await failed('model.overloaded', { labels: { many: 'yes' } });
    const own = await failed('budget.exhausted');
    const { outcomes } = (await post('/api/v1/dead-letters/redrive', { ids: [one, own, 'j-none', '../x'] })).json;
    expect(outcomes).toMatchObject([
      { id: one, redriven: true },
      { id: own, redriven: true },
      { id: 'j-none', redriven: false, code: 'job.unknown' },
      { id: '../x', redriven: false, code: 'job.unknown' },
    ]);
    for (let i = 0; i < 2; i++) (await cluster.engines.next()).succeed();
    await Promise.all([one, own].map(eventsOf));
    const crashed = [await failed('engine.unresponsive'), await failed('engine.unresponsive')];
    const filter = { code: 'engine.unresponsive' };
    const first = (await post('/api/v1/dead-letters/redrive', { filter, limit: 1 })).json;
    expect(first).toMatchObject({ outcomes: [{ id: crashed[1], redriven: true }], more: true });
    const rest = (await post('/api/v1/dead-letters/redrive', { filter })).json;
    expect(rest).toMatchObject({ outcomes: [{ id: crashed[0], redriven: true }], more: false });
    for (let i = 0; i < 2; i++) (await cluster.engines.next()).succeed();
  });

  test.each([{}, { ids: [] }, { ids: ['a'], filter: {} }, { filter: { state: 'failed' } }, { ids: ['a', 'a'] }])(
    'of %j is refused',
    async (body) => {
      expect((await post('/api/v1/dead-letters/redrive', body)).json.code).toBe('request.invalid');
    },
  );

  test('whose place was lost on the way is placed before long', async () => {
    const id = await failed('engine.crashed');
    // As if the api had died between the record and the place: the old place is held by someone.
    const lock = `{${cluster.api.namespace}}:jobs.default:${id}:lock`;
    await redis.set(lock, 'someone', 'PX', 3_000);
    expect((await post(`/api/v1/dead-letters/${id}/redrive`)).status).toBe(202);
    (await cluster.engines.next()).succeed();
    await eventsOf(id);
    expect(await get(`/api/v1/jobs/${id}`)).toMatchObject({ state: 'succeeded', attempt: 2 });
  });
});

test('the figures have redrives', async () => {
  expect((await cluster.api.send('GET', '/metrics')).text).toMatch(/remuda_redrives_total{outcome="redriven",.*} \d/);
});
