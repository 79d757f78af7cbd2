import { script } from '@remuda/scripted-model';
import type { AcceptedTurnView, JobView, JobWithResultView, SessionView } from '@remuda/protocol';
import type { JobEvent } from '@remuda/domain';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { hasEngine, startCluster, type TestCluster } from './harness/cluster.js';

const longMs = 180_000;
const bash = (command: string) => ({ tools: [{ name: 'Bash', input: { command, description: 'a command' } }] });
const soon = { timeout: 60_000, interval: 50 };

describe.each([
  { runtime: 'process', there: true },
  { runtime: 'docker', there: hasEngine },
] as const)('a worker ($runtime) that has ended a turn', ({ runtime, there }) => {
  let cluster: TestCluster;
  beforeAll(async () => {
    if (!there) return;
    const profiles = 'profiles:\n  default:\n    pool: { warm: 1, max: 2 }\n';
    cluster = await startCluster({ runtime, profiles, warm: 1 });
  }, longMs);
  afterAll(async () => {
    if (there) await cluster.stop();
  });

  async function ask<T>(path: string, body?: object, headers: Readonly<Record<string, string>> = {}): Promise<T> {
    const post = { method: 'POST', headers: { 'content-type': 'application/json', ...headers } };
    const answer = await fetch(`${cluster.apiUrl}/api/v1${path}`, body ? { ...post, body: JSON.stringify(body) } : {});
    expect(answer.ok, `${path}: ${String(answer.status)}`).toBe(true);
    return (await answer.json()) as T;
  }
  const create = async (own: object): Promise<string> => (await ask<SessionView>('/sessions', own)).id;
  /** The session, once the snapshot of its last turn has been taken. */
  const session = (id: string) =>
    vi.waitUntil(
      async () => {
        const seen = await ask<SessionView>(`/sessions/${id}`);
        return seen.state === 'saving' ? undefined : seen;
      },
      { timeout: 60_000, interval: 50 },
    );
  const turn = (id: string, prompt: string) =>
    ask<JobWithResultView>(`/sessions/${id}/turns`, { prompt }, { prefer: 'wait=120' });
  const eventsOf = async (id: string): Promise<readonly JobEvent[]> => {
    const events: JobEvent[] = [];
    for await (const event of cluster.api.events(id)) events.push(event);
    return events;
  };
  const typesOf = async (id: string) => (await eventsOf(id)).map(({ type }) => type);

  test.skipIf(!there)(
    'carries out the next one warm, with what was said and the files, also one that waited; then the session hibernates',
    async () => {
      const id = await create({ idleMs: 8_000 });
      const first = await turn(id, `The word is heron. ${script(bash('echo one > a.txt'), { text: 'noted' })}`);
      expect(first).toMatchObject({ state: 'succeeded', result: { text: 'noted' } });
      expect(await session(id)).toMatchObject({ state: 'idle', worker: first.worker, turns: 1 });
      const prompt = `The number is 7. ${script(bash('cat a.txt'), { text: 'both' })}`;
      const second = await ask<AcceptedTurnView>(`/sessions/${id}/turns`, { prompt });
      const third = await turn(id, `Which? ${script({ text: 'heron and 7' })}`);
      for (const job of [second.id, third.id]) {
        expect(await ask<JobView>(`/jobs/${job}`)).toMatchObject({
          ...{ state: 'succeeded', attempt: 1, worker: first.worker, start: { kind: 'warm' } },
        });
        expect(await typesOf(job)).not.toContain('attempt.resumed');
      }
      const read = (await eventsOf(second.id)).find((event) => event.type === 'tool.returned');
      expect(read?.data.output.trim()).toBe('one');
      const seen = JSON.stringify(cluster.model.requests.findLast((request) => request.main)?.body);
      for (const said of ['The word is heron', 'noted', 'The number is 7', 'both', 'Which?'])
        expect(seen).toContain(said);

      await vi.waitFor(async () => expect((await session(id)).state).toBe('hibernated'), soon);
      const fourth = await turn(id, `And now? ${script(bash('cat a.txt'), { text: 'still heron' })}`);
      expect(fourth).toMatchObject({ state: 'succeeded', start: { kind: 'resumed' } });
      expect(fourth.worker).not.toBe(first.worker);
      expect(JSON.stringify(cluster.model.requests.findLast((request) => request.main)?.body)).toContain('heron and 7');
      await ask(`/sessions/${id}/stop`, {});
    },
    longMs,
  );

  test.skipIf(!there)(
    'leaves the session that it has held longest when other jobs need the room, and that one goes on elsewhere',
    async () => {
      const held = [await create({ idleMs: 3_600_000 }), await create({ idleMs: 3_600_000 })] as const;
      const firsts = [await turn(held[0], script({ text: 'a' })), await turn(held[1], script({ text: 'b' }))] as const;
      expect(await session(held[0])).toMatchObject({ state: 'idle', worker: firsts[0].worker });
      expect(await session(held[1])).toMatchObject({ state: 'idle', worker: firsts[1].worker });
      const job = await ask<JobWithResultView>('/jobs', { prompt: script({ text: 'ok' }) }, { prefer: 'wait=120' });
      expect(job).toMatchObject({ state: 'succeeded' });
      expect(await session(held[0])).toMatchObject({ state: 'hibernated' });
      expect(await session(held[1])).toMatchObject({ state: 'idle', worker: firsts[1].worker });
      const again = await turn(held[0], script({ text: 'c' }));
      expect(again).toMatchObject({ state: 'succeeded', start: { kind: 'resumed' } });
      for (const id of held) await ask(`/sessions/${id}/stop`, {});
    },
    longMs,
  );
});
