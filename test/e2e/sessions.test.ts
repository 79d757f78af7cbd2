import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { script } from '@remuda/scripted-model';
import type {
  AcceptedTurnView,
  JobWithResultView,
  MessagePageView,
  SessionEventPageView,
  SessionView,
} from '@remuda/protocol';
import type { JobEvent } from '@remuda/domain';
import { redisKeys } from '@remuda/redis';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { hasEngine, startCluster, type TestCluster } from './harness/cluster.js';

const longMs = 600_000;
const bash = (command: string) => ({ tools: [{ name: 'Bash', input: { command, description: 'a command' } }] });

describe.each([
  { runtime: 'process', there: true },
  { runtime: 'docker', there: hasEngine },
] as const)('a session whose workers ($runtime) are lost', ({ runtime, there }) => {
  let cluster: TestCluster;
  let redis: RawConnection;

  beforeAll(async () => {
    if (!there) return;
    cluster = await startCluster({ runtime, warm: 2, env: { REMUDA_SNAPSHOT_EVERY_MS: '300' } });
    redis = connectRaw(cluster.redisUrl, { name: 'sessions-test' });
  }, longMs);
  afterAll(async () => {
    if (!there) return;
    redis.disconnect();
    await cluster.stop();
  });

  async function ask<T>(path: string, body?: object, headers: Readonly<Record<string, string>> = {}): Promise<T> {
    const post = { method: 'POST', headers: { 'content-type': 'application/json', ...headers } };
    const answer = await fetch(`${cluster.apiUrl}/api/v1${path}`, body ? { ...post, body: JSON.stringify(body) } : {});
    expect(answer.ok, `${path}: ${String(answer.status)}`).toBe(true);
    return (await answer.json()) as T;
  }

  const recorded = (id: string, field: string) => redis.hget(redisKeys(cluster.namespace).job(id), field);

  /** Ends a job's worker and all that it started, at once and without a word. */
  async function loseWorkerOf(id: string): Promise<void> {
    const worker = (await recorded(id, 'worker')) ?? '';
    if (runtime === 'docker')
      try {
        execFileSync('docker', ['kill', `remuda-${worker}`], { stdio: 'ignore' });
      } catch {
        // It has left since.
      }
    else killHome(join(dirname(cluster.socketDir), 'workers', worker, 'home'));
  }

  test.skipIf(!there)(
    'knows all its turns and has their files, though one worker is killed after a turn, one within, and it hibernates then',
    async () => {
      const session = await ask<SessionView>('/sessions', { idleMs: 6_000 });
      const turns = `/sessions/${session.id}/turns`;
      const wait = { prefer: 'wait=120' };
      const first = await ask<JobWithResultView>(
        turns,
        { prompt: `The word is heron. ${script(bash('echo one > a.txt'), { text: 'noted' })}` },
        wait,
      );
      expect(first).toMatchObject({ state: 'succeeded', session: session.id, result: { text: 'noted' } });
      const waits = { state: 'idle', worker: first.worker, turns: 1 };
      await vi.waitFor(async () => expect(await ask<SessionView>(`/sessions/${session.id}`)).toMatchObject(waits), {
        ...{ timeout: 60_000, interval: 50 },
      });
      await loseWorkerOf(first.id);

      const prompt = `The number is 7. ${script(bash('echo two > b.txt'), { ...bash('echo end > c.txt'), hangMs: 8_000 }, { text: 'both' })}`;
      const second = await ask<AcceptedTurnView>(turns, { prompt });
      await vi.waitFor(async () => expect(await recorded(second.id, 'snapshot')).not.toBeNull(), {
        timeout: 60_000,
        interval: 50,
      });
      await loseWorkerOf(second.id);
      await vi.waitFor(
        async () => {
          const seen = await ask<SessionView>(`/sessions/${session.id}`);
          expect(seen).toMatchObject({ state: 'hibernated', turns: 2, waiting: [] });
        },
        { timeout: 120_000, interval: 100 },
      );
      const third = await ask<AcceptedTurnView>(turns, {
        prompt: `Which? ${script(bash('cat a.txt b.txt c.txt'), { text: 'heron and 7' })}`,
      });

      const events: JobEvent[] = [];
      for await (const event of cluster.api.events(third.id)) events.push(event);
      const told = JSON.stringify(events, undefined, 1);
      const read = events.find((event) => event.type === 'tool.returned');
      expect(read?.data.output.trim(), told).toBe('one\ntwo\nend');
      expect(
        events.filter(({ type }) => type === 'attempt.resumed'),
        told,
      ).toHaveLength(1);
      // Its first worker may be the dead one that still seems to wait for it.
      const { state, attempt } = await cluster.api.job(second.id);
      expect({ state, isRepeated: attempt >= 2 }).toEqual({ state: 'succeeded', isRepeated: true });
      expect(await cluster.api.job(third.id)).toMatchObject({
        state: 'succeeded',
        attempt: 1,
        start: { kind: 'resumed' },
      });
      // What the model was asked last has the whole conversation.
      const seen = JSON.stringify(cluster.model.requests.findLast((request) => request.main)?.body);
      for (const said of ['The word is heron', 'noted', 'The number is 7', 'both', 'Which?'])
        expect(seen).toContain(said);
      expect(await ask<SessionView>(`/sessions/${session.id}`)).toMatchObject({ turns: 3, waiting: [] });

      // One stream has it all, and the conversation is there when the session is gone.
      await ask(`/sessions/${session.id}/stop`, {});
      const all = await ask<SessionEventPageView>(`/sessions/${session.id}/events?format=json&limit=1000`);
      expect(all.complete).toBe(true);
      expect(all.events.filter(({ turn }) => turn === 3).map(({ event }) => event)).toEqual(events);
      expect(new Set(all.events.map(({ turn, job }) => `${String(turn)} ${job}`))).toEqual(
        new Set([`1 ${first.id}`, `2 ${second.id}`, `3 ${third.id}`]),
      );
      const { messages } = await ask<MessagePageView>(`/sessions/${session.id}/messages`);
      expect(messages.filter(({ role }) => role === 'assistant').map(({ text }) => text)).toEqual([
        'noted',
        'both',
        'heron and 7',
      ]);
      expect(messages.filter(({ role }) => role === 'user').map(({ turn }) => turn)).toEqual([1, 2, 3]);
    },
    longMs,
  );

  test.skipIf(!there)(
    'hears during a turn what is said to it, and knows it once, also if the worker is killed afterwards',
    async () => {
      const { id } = await ask<SessionView>('/sessions', { idleMs: 0 });
      const steps = script(bash('echo two > b.txt'), { ...bash('cat b.txt'), hangMs: 6_000 }, { text: 'teal it is' });
      const turn = await ask<AcceptedTurnView>(`/sessions/${id}/turns`, { prompt: `Paint it. ${steps}` });
      await vi.waitFor(async () => expect(await recorded(turn.id, 'snapshot')).not.toBeNull(), {
        ...{ timeout: 60_000, interval: 50 },
      });
      const said = await ask<AcceptedTurnView>(`/sessions/${id}/turns`, {
        ...{ prompt: 'The colour is teal.', mode: 'steer' },
      });
      expect(said).toMatchObject({ id: turn.id, session: id, steer: { said: true } });
      await loseWorkerOf(turn.id);

      const events: JobEvent[] = [];
      for await (const event of cluster.api.events(turn.id)) events.push(event);
      const told = JSON.stringify(events, undefined, 1);
      const heard = events.filter(({ type }) => type === 'turn.steered');
      expect(
        heard.map(({ data }) => data),
        told,
      ).toEqual([
        { id: said.steer?.id, text: 'The colour is teal.' },
        { id: said.steer?.id, text: 'The colour is teal.' },
      ]);
      expect(new Set(heard.map(({ attempt }) => attempt)).size, told).toBe(2);
      expect(await cluster.api.job(turn.id)).toMatchObject({ state: 'succeeded' });
      const asked = JSON.stringify(cluster.model.requests.findLast(({ main }) => main)?.body);
      expect(asked.split('The colour is teal.'), asked).toHaveLength(2);
      const { messages } = await ask<MessagePageView>(`/sessions/${id}/messages`);
      expect(messages.filter(({ text }) => text === 'The colour is teal.')).toMatchObject([{ role: 'user', turn: 1 }]);
      await ask(`/sessions/${id}/stop`, {});
    },
    longMs,
  );

  test.skipIf(!there)(
    'goes on from the turn before, and says so, if the worker is killed between an answer and its snapshot',
    async () => {
      const session = await ask<SessionView>('/sessions', { idleMs: 0 });
      const turns = `/sessions/${session.id}/turns`;
      const seen = () => ask<SessionView>(`/sessions/${session.id}`);
      const wait = { prefer: 'wait=120' };
      await ask(turns, { prompt: script(bash('echo one > a.txt'), { text: 'made' }) }, wait);
      const fill = `head -c ${String(slowBytes)} /dev/urandom > large; echo two > a.txt`;
      const prompt = `Paint it. ${script(bash(fill), { text: 'It is red' })}`;
      const second = await ask<JobWithResultView>(turns, { prompt }, wait);
      expect(second).toMatchObject({ state: 'succeeded', result: { text: 'It is red' } });
      expect(await seen()).toMatchObject({ state: 'saving', saving: second.id });
      const third = await ask<AcceptedTurnView>(turns, {
        prompt: `Which? ${script(bash('cat a.txt; ls'), { text: 'red' })}`,
      });
      await loseWorkerOf(second.id);
      const events: JobEvent[] = [];
      for await (const event of cluster.api.events(third.id)) events.push(event);
      const read = events.find((event) => event.type === 'tool.returned');
      expect(read?.data.output.trim(), JSON.stringify(events, undefined, 1)).toBe('one\na.txt');
      const lost = expect.stringContaining('What turn 2 did to the files and the conversation is lost');
      expect(events.flatMap((event) => (event.type === 'attempt.warned' ? [event.data.message] : []))).toEqual([lost]);
      expect(events.at(-1)).toMatchObject({ type: 'job.over', data: { state: 'succeeded' } });
      const asked = JSON.stringify(cluster.model.requests.findLast((request) => request.main)?.body);
      for (const said of ['Paint it.', 'You answered: It is red', 'Which?']) expect(asked).toContain(said);
      await vi.waitFor(async () => expect((await seen()).state).toBe('hibernated'), { timeout: 60_000, interval: 50 });
      expect((await seen()).lacks).toBeUndefined();
    },
    longMs,
  );
});

/** So large a file takes a second or more to be packed. */
const slowBytes = 80_000_000;

/** Kills every process that has the folder as its home. */
function killHome(home: string): void {
  const mark = `HOME=${home}`;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
    try {
      if (readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(mark)) process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It is gone, or none of ours.
    }
}
