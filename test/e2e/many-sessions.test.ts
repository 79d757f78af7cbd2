import { script } from '@remuda/scripted-model';
import type { JobEvent } from '@remuda/domain';
import type { JobWithResultView, SessionView } from '@remuda/protocol';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type TestCluster } from './harness/cluster.js';

const longMs = 600_000;
const bash = (command: string) => ({ tools: [{ name: 'Bash', input: { command, description: 'a command' } }] });
const sessions = 6;
const turns = 3;
const most = 2;

let cluster: TestCluster;
beforeAll(async () => {
  const profiles = `profiles:\n  default:\n    pool: { warm: 1, max: ${String(most)} }\n`;
  cluster = await startCluster({ runtime: 'process', profiles, warm: 1, env: { REMUDA_SESSION_KEEP_MS: '4000' } });
}, 240_000);
afterAll(() => cluster.stop(), 240_000);

async function ask<T>(path: string, body?: object, prefer = 'wait=300'): Promise<T> {
  const headers = { 'content-type': 'application/json', prefer };
  const answer = await fetch(
    `${cluster.apiUrl}/api/v1${path}`,
    body ? { method: 'POST', headers, body: JSON.stringify(body) } : {},
  );
  expect(answer.ok, `${path}: ${String(answer.status)}`).toBe(true);
  return (await answer.json()) as T;
}

/** When a job got its place, and when it was given to a worker (epoch ms). */
async function wayOf({ id }: JobWithResultView): Promise<{ readonly placedAt: number; readonly givenAt: number }> {
  const events: JobEvent[] = [];
  for await (const event of cluster.api.events(id)) events.push(event);
  const at = (type: JobEvent['type']) => events.find((event) => event.type === type)?.at ?? Number.NaN;
  return { placedAt: at('job.queued'), givenAt: at('job.assigned') };
}

/** Says a word in each turn, adds a line to a file, and reads in the last turn what all turns have left. */
async function talk(session: string): Promise<readonly JobWithResultView[]> {
  const said: JobWithResultView[] = [];
  for (let turn = 1; turn <= turns; turn++) {
    const add = bash(`echo ${session}-${String(turn)} >> words && cat words`);
    const prompt = script(add, { text: `said ${String(turn)}` });
    said.push(await ask<JobWithResultView>(`/sessions/${session}/turns`, { prompt }));
  }
  return said;
}

async function work(client: number): Promise<readonly JobWithResultView[]> {
  const done: JobWithResultView[] = [];
  for (let nth = 1; nth <= 4; nth++)
    done.push(await ask<JobWithResultView>('/jobs', { prompt: script({ text: `${String(client)}.${String(nth)}` }) }));
  return done;
}

test(
  'six sessions take turns beside plain jobs in a pool of two: all are served, none by far later than those that came after it',
  async () => {
    const ids = await Promise.all(
      Array.from({ length: sessions }, async () => (await ask<SessionView>('/sessions', { idleMs: 3_600_000 })).id),
    );
    const [talks, jobs] = await Promise.all([Promise.all(ids.map(talk)), Promise.all([work(1), work(2)])]);
    const all = [...talks, ...jobs].flat();
    expect(all.map(({ state }) => state)).toEqual(all.map(() => 'succeeded'));
    for (const [i, said] of talks.entries()) {
      expect(said.map(({ result }) => result?.text)).toEqual(['said 1', 'said 2', 'said 3']);
      const events: JobEvent[] = [];
      for await (const event of cluster.api.events(said.at(-1)?.id ?? '')) events.push(event);
      const read = events.find((event) => event.type === 'tool.returned');
      expect(read?.data.output.trim().split('\n')).toEqual([1, 2, 3].map((turn) => `${ids[i] ?? ''}-${String(turn)}`));
    }
    const ways = await Promise.all(all.map(wayOf));
    // Only a session's further turns overtake what waits, at the worker that waits for them; claims at one time may cross.
    for (const { placedAt, givenAt } of ways) {
      const overtook = ways.filter((other) => other.placedAt > placedAt && other.givenAt < givenAt).length;
      expect(overtook).toBeLessThanOrEqual(sessions * (turns - 1) + most);
    }
  },
  longMs,
);

test(
  'sessions whose next turn is always there let their workers go for a job that waits, and go on behind it',
  async () => {
    const ids = await Promise.all(
      Array.from({ length: most }, async () => (await ask<SessionView>('/sessions', { idleMs: 3_600_000 })).id),
    );
    const send = async (session: string, prompt: string): Promise<string> =>
      (await ask<{ id: string }>(`/sessions/${session}/turns`, { prompt }, 'respond-async')).id;
    const firsts = await Promise.all(ids.map((id) => send(id, script({ text: 'first' }))));
    const rest = await Promise.all(
      ids.map(async (id) => {
        const turns: string[] = [];
        for (let nth = 2; nth <= 12; nth++) turns.push(await send(id, script(bash('sleep 1'), { text: String(nth) })));
        return turns;
      }),
    );
    await Promise.all(firsts.map((job) => cluster.api.over(job)));
    const job = await ask<JobWithResultView>('/jobs', { prompt: script({ text: 'served' }) });
    expect(job.result?.text).toBe('served');
    // Each session had turns left when the job was served, and all of them in the end.
    for (const turns of rest)
      expect((await Promise.all(turns.map((id) => cluster.api.job(id)))).map(({ state }) => state)).toContain('queued');
    const ends = await Promise.all(rest.flat().map((id) => cluster.api.over(id)));
    expect(ends.map(({ state }) => state)).toEqual(ends.map(() => 'succeeded'));
  },
  longMs,
);
