import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startApiCluster, type ApiCluster } from './api-cluster.js';
import { bearer, jwtSecret, signJwt } from './jwt.js';

let cluster: ApiCluster;
let other: ReturnType<typeof bearer>;
let readOnly: ReturnType<typeof bearer>;
beforeAll(async () => {
  const a = bearer(await signJwt('a'));
  other = bearer(await signJwt('b'));
  readOnly = bearer(await signJwt('a', { scope: 'sessions:read' }));
  cluster = await startApiCluster({ env: { REMUDA_JWT_SECRET: jwtSecret }, headers: a });
});
afterAll(() => cluster.stop());

const path = '/api/v1/sessions';
const send = (method: string, at: string, body?: unknown, headers = {}) =>
  cluster.api.send(method, `${path}${at}`, body, headers);
const created = async (body: object = {}): Promise<string> => (await send('POST', '', body)).json.id;
const turn = (id: string, own: object = {}, headers = {}) =>
  send('POST', `/${id}/turns`, { prompt: 'led', ...own }, headers);
const session = async (id: string) => (await send('GET', `/${id}`)).json;
const job = async (id: string) => (await cluster.api.send('GET', `/api/v1/jobs/${id}`)).json;

async function state(id: string, wanted: string): Promise<void> {
  await vi.waitFor(async () => expect((await job(id)).state).toBe(wanted), { timeout: 60_000, interval: 50 });
}

describe('a session', () => {
  test('is created with what its turns have in common, listed and shown', async () => {
    const answer = await send('POST', '', { labels: { team: 'x' }, workspace: 'empty', concurrent: 'refuse' });
    expect(answer.status).toBe(201);
    const { id } = answer.json;
    expect(answer.headers.get('location')).toBe(`${path}/${id}`);
    const seen = { id, state: 'idle', profile: 'default', workspace: { kind: 'empty' }, concurrent: 'refuse' };
    expect(answer.json).toMatchObject({ ...seen, labels: { team: 'x' }, waiting: [], turns: 0 });
    expect(await session(id)).toEqual(answer.json);
    const { sessions } = (await send('GET', '?limit=1')).json as unknown as { sessions: unknown[] };
    expect(sessions).toEqual([answer.json]);
  });

  test('is in the list of its state only', async () => {
    const id = await created();
    const listed = async (state: string): Promise<readonly string[]> => {
      const { json } = await send('GET', `?state=${state}&limit=200`);
      return (json as unknown as { sessions: { id: string }[] }).sessions.map((session) => session.id);
    };
    expect(await listed('idle')).toContain(id);
    expect(await listed('stopped')).not.toContain(id);
    await send('POST', `/${id}/stop`);
    expect(await listed('idle')).not.toContain(id);
    expect(await listed('stopped')).toContain(id);
    expect((await send('GET', '?state=asleep')).json.code).toBe('request.invalid');
  });

  test('has its faults named, all at once', async () => {
    const { status, json } = await send('POST', '', { profile: 'none', model: ' ', concurrent: 'maybe', prompt: 'x' });
    expect([status, json.code]).toEqual([400, 'request.invalid']);
    expect(json.faults.map((fault) => fault.path).toSorted()).toEqual(['concurrent', 'model', 'prompt']);
    expect((await send('POST', '', { profile: 'none' })).json.code).toBe('profile.unknown');
  });

  test('names secrets that each of its turns gets, with those that a turn names, and takes no values', async () => {
    const answer = await send('POST', '', { secrets: ['GITHUB_TOKEN', 'GITHUB_TOKEN'] });
    expect(answer.json).toMatchObject({ secrets: ['GITHUB_TOKEN'] });
    const { id } = answer.json;
    expect(await session(id)).toMatchObject({ secrets: ['GITHUB_TOKEN'] });
    const own = await turn(id, { secrets: ['NPM_TOKEN', 'GITHUB_TOKEN'] });
    expect(await job(own.json.id)).toMatchObject({ secrets: ['NPM_TOKEN', 'GITHUB_TOKEN'] });
    const usual = await turn(id);
    expect(await job(usual.json.id)).toMatchObject({ secrets: ['GITHUB_TOKEN'] });
    await send('POST', `/${id}/stop`);
    for (const [secrets, path] of [
      [{ GITHUB_TOKEN: 'x' }, 'secrets'],
      [['github token'], 'secrets[0]'],
      [['OK', 'ANTHROPIC_API_KEY'], 'secrets[1]'],
      [[7], 'secrets[0]'],
    ] as const) {
      const refused = await send('POST', '', { secrets });
      expect([refused.status, refused.json.faults.map((fault) => fault.path)]).toEqual([400, [path]]);
      const turned = await turn(await created({ secrets: ['OTHER'] }), { secrets });
      expect([turned.status, turned.json.faults.map((fault) => fault.path)]).toEqual([400, [path]]);
    }
  });

  test('is another tenant’s secret, and needs the scopes of sessions', async () => {
    const id = await created();
    for (const [method, at, body] of [
      ['GET', `/${id}`],
      ['POST', `/${id}/turns`, { prompt: 'hi' }],
      ['POST', `/${id}/stop`],
      ['DELETE', `/${id}`],
    ] as const)
      expect((await send(method, at, body, other)).json.code).toBe('session.unknown');
    expect((await send('GET', '', undefined, other)).json).toEqual({ sessions: [] });
    expect((await send('GET', `/${id}`, undefined, readOnly)).status).toBe(200);
    expect((await turn(id, {}, readOnly)).json.code).toBe('token.scope_missing');
  });
});

describe('a turn', () => {
  // the first one here: others leave turns behind, whose engines would be led instead
  test('gets what is left of the money of its session, and none is taken when that is spent', async () => {
    const id = await created({ maxBudgetUsd: 0.7, idleMs: 0 });
    const first = (await turn(id, { maxBudgetUsd: 5 })).json;
    expect((await job(first.id)).maxBudgetUsd).toBe(0.7);
    // what a led turn costs by itself is 0.5
    (await cluster.engines.next()).succeed();
    await state(first.id, 'succeeded');
    expect(await session(id)).toMatchObject({ maxBudgetUsd: 0.7, costUsd: 0.5 });
    const second = (await turn(id)).json;
    expect((await job(second.id)).maxBudgetUsd).toBe(0.2);
    (await cluster.engines.next()).succeed();
    await state(second.id, 'succeeded');
    const { status, json } = await turn(id);
    expect([status, json.code]).toEqual([409, 'session.budget_spent']);
    expect(json.detail).toContain('1.000000 of 0.7');
  });

  test('is a job with the settings of its session and its labels beside its own', async () => {
    const id = await created({ labels: { team: 'x' }, appendSystemPrompt: 'Be brief.' });
    const { status, json } = await turn(id, { labels: { step: '1' }, maxTurns: 3 });
    expect(status).toBe(202);
    expect(json).toMatchObject({ session: id, url: `/api/v1/jobs/${json.id}` });
    const asked = { appendSystemPrompt: 'Be brief.', maxTurns: 3, labels: { team: 'x', step: '1' } };
    expect(await job(json.id)).toMatchObject({ session: id, ...asked });
    await send('POST', `/${id}/stop`);
  });

  test('has no time, no workspace and no values of secrets of its own', async () => {
    const id = await created();
    const { json } = await turn(id, { secrets: { A: 'x' }, delayMs: 1, workspace: 'empty', mode: 'now' });
    expect(json.faults.map((fault) => fault.path).toSorted()).toEqual(['delayMs', 'mode', 'secrets', 'workspace']);
  });

  test('is sent once with one key', async () => {
    const id = await created();
    const key = { 'idempotency-key': `key-${id}` };
    const first = await turn(id, {}, key);
    const again = await turn(id, {}, key);
    expect(again.json.id).toBe(first.json.id);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect((await turn(await created(), {}, key)).json.code).toBe('idempotency.conflict');
    await send('POST', `/${id}/stop`);
  });

  test('is refused while another one is under way where the session says so, and names that one', async () => {
    const id = await created({ concurrent: 'refuse' });
    const first = await turn(id);
    const { status, json } = await turn(id);
    expect([status, json.code]).toEqual([409, 'session.busy']);
    expect(json.detail).toContain(first.json.id);
    await send('POST', `/${id}/stop`);
  });

  test('that interrupts cancels the one under way, and comes before those that wait', async () => {
    const id = await created();
    const [first, second] = [(await turn(id)).json, (await turn(id)).json];
    expect(second).toMatchObject({ after: first.id });
    const urgent = (await turn(id, { mode: 'interrupt' })).json;
    await state(first.id, 'cancelled');
    await vi.waitFor(async () => expect(await session(id)).toMatchObject({ turn: urgent.id, waiting: [second.id] }));
    await send('POST', `/${id}/stop`);
  });

  describe('that runs', () => {
    const steer = (id: string, prompt = 'Use tabs.', headers = {}) => turn(id, { prompt, mode: 'steer' }, headers);
    /** A session with a turn under way, and that turn. */
    async function running(own: object = {}) {
      const id = await created(own);
      const { id: first } = (await turn(id)).json;
      // others have left turns behind
      let led = await cluster.engines.next();
      while (led.turn.requestId !== first) led = await cluster.engines.next();
      await state(first, 'running');
      return { id, first, led };
    }

    test('hears what is said to it, and it is part of the conversation', async () => {
      const { id, first, led } = await running({ concurrent: 'refuse' });
      led.say('I use spaces.');
      const { status, json } = await steer(id);
      expect(status).toBe(202);
      expect(json).toMatchObject({ id: first, session: id, state: 'running', steer: { said: true } });
      led.say('Tabs then.');
      led.succeed({ text: 'Tabs then.' });
      await state(first, 'succeeded');
      const said = (await send('GET', `/${id}/messages`)).json as unknown as {
        messages: { role: string; text: string }[];
      };
      expect(said.messages.map(({ role, text }) => [role, text])).toEqual([
        ['user', 'led'],
        ['assistant', 'I use spaces.'],
        ['user', 'Use tabs.'],
        ['assistant', 'Tabs then.'],
      ]);
      await send('POST', `/${id}/stop`);
    });

    test('hears once what is sent again with the same key', async () => {
      const { id, first, led } = await running();
      const key = { 'idempotency-key': `said-${id}` };
      const [one, again] = [await steer(id, 'Use tabs.', key), await steer(id, 'Use tabs.', key)];
      expect(again.json).toEqual(one.json);
      expect(again.headers.get('idempotent-replayed')).toBe('true');
      led.succeed();
      await state(first, 'succeeded');
      const { events } = (
        await cluster.api.send('GET', `/api/v1/jobs/${first}/events`, undefined, {
          accept: 'application/json',
        })
      ).json as unknown as { events: { type: string }[] };
      expect(events.filter(({ type }) => type === 'turn.steered')).toHaveLength(1);
      await send('POST', `/${id}/stop`);
    });

    test('hears nothing else, and not more than it can', async () => {
      const { id, first, led } = await running();
      const faulty = await turn(id, { prompt: 'x'.repeat(32_001), mode: 'steer', maxTurns: 3 });
      expect(faulty.status).toBe(400);
      expect(faulty.json.faults.map(({ path: at }) => at).toSorted()).toEqual(['maxTurns', 'prompt']);
      led.succeed();
      await state(first, 'succeeded');
      await send('POST', `/${id}/stop`);
    });

    test('is missing where nothing runs: nothing is said to a session that is idle, stopped, or another tenant’s', async () => {
      const id = await created();
      const { status, json } = await steer(id);
      expect([status, json.code]).toEqual([409, 'session.not_running']);
      expect((await send('POST', `/${id}/turns`, { prompt: 'hi', mode: 'steer' }, other)).json.code).toBe(
        'session.unknown',
      );
      await send('POST', `/${id}/stop`);
      expect((await steer(id)).json.code).toBe('session.stopped');
      expect((await steer('s-none')).json.code).toBe('session.unknown');
    });
  });

  test('of a session that is stopped is cancelled, waiting or not, and no other one is taken; then it can be deleted', async () => {
    const id = await created();
    const turns = [(await turn(id)).json.id, (await turn(id)).json.id];
    expect((await send('DELETE', `/${id}`)).json.code).toBe('session.busy');
    expect((await send('POST', `/${id}/stop`)).json.state).toBe('stopped');
    for (const one of turns) await state(one, 'cancelled');
    expect((await turn(id)).json.code).toBe('session.stopped');
    expect((await send('DELETE', `/${id}`)).status).toBe(204);
    expect((await send('GET', `/${id}`)).json.code).toBe('session.unknown');
    expect((await turn(id)).json.code).toBe('session.unknown');
  });
});
