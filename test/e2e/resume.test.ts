import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { script } from '@remuda/scripted-model';
import type { JobEvent } from '@remuda/domain';
import { redisKeys } from '@remuda/redis';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { hasEngine, startCluster, type TestCluster } from './harness/cluster.js';
import { serveRepository } from './harness/git-server.js';
import type { JobRequest } from '@remuda/protocol';

const longMs = 180_000;
const bash = (command: string) => ({ tools: [{ name: 'Bash', input: { command, description: 'a command' } }] });

/** Between the two lines the model thinks: there the worker is lost. */
const twoLines = script(
  bash('echo one >> lines.txt'),
  { ...bash('echo two >> lines.txt'), hangMs: 8_000 },
  bash('cat lines.txt'),
  { text: 'both are there' },
);

describe.each([
  { runtime: 'process', there: true },
  { runtime: 'docker', there: hasEngine },
] as const)('a job whose worker ($runtime) is lost', ({ runtime, there }) => {
  let cluster: TestCluster;
  let redis: RawConnection;

  beforeAll(async () => {
    if (!there) return;
    cluster = await startCluster({ runtime, warm: 2, env: { REMUDA_SNAPSHOT_EVERY_MS: '300' } });
    redis = connectRaw(cluster.redisUrl, { name: 'resume-test' });
  }, longMs);
  afterAll(async () => {
    if (!there) return;
    redis.disconnect();
    await cluster.stop();
  });

  const recorded = (id: string, field: string) => redis.hget(redisKeys(cluster.namespace).job(id), field);

  /** Ends a worker and all that it started, at once and without a word. */
  async function loseWorkerOf(id: string): Promise<void> {
    const worker = (await recorded(id, 'worker')) ?? '';
    if (runtime === 'docker') execFileSync('docker', ['kill', `remuda-${worker}`]);
    else killHome(join(dirname(cluster.socketDir), 'workers', worker, 'home'));
  }

  async function until(id: string, field: string): Promise<void> {
    await vi.waitFor(async () => expect(await recorded(id, field)).not.toBeNull(), { timeout: 40_000, interval: 50 });
  }

  /** A job that has been lost between its two lines; something may happen to its snapshot before. */
  async function lost(job: Partial<JobRequest> = {}, before?: (id: string) => Promise<unknown>): Promise<string> {
    const id = await cluster.api.submit({ prompt: twoLines, ...job });
    await until(id, 'snapshot');
    await before?.(id);
    await loseWorkerOf(id);
    return id;
  }

  /** The blobs of a job that are there: of a running one there may be one more for a moment. */
  const blobsOf = (id: string): readonly string[] => {
    const folder = join(dirname(cluster.socketDir), 'blobs', cluster.namespace, 'snapshots');
    return readdirSync(folder)
      .filter((name) => name.startsWith(`${id}.`))
      .map((name) => join(folder, name));
  };

  async function endOf(id: string) {
    const events: JobEvent[] = [];
    for await (const event of cluster.api.events(id)) events.push(event);
    const again = events.filter(({ type }) => type === 'attempt.resumed' || type === 'attempt.restarted');
    const cat = events.findLast((event) => event.type === 'tool.returned');
    // The end first: of a long message a report shows the beginning only.
    const told = events
      .map((event) => JSON.stringify(event))
      .reverse()
      .join('\n');
    return {
      told,
      again,
      lines: cat?.data.output.trim(),
      result: await cluster.api.result(id),
      job: await cluster.api.job(id),
    };
  }

  test.skipIf(!there)(
    'goes on where it was: no line twice, one session, the patch against the commit of its beginning',
    async () => {
      await using origin = await serveRepository({ 'a.txt': 'old\n' });
      const id = await lost({ workspace: { kind: 'git', url: origin.url } });
      const { told, again, lines, result, job } = await endOf(id);
      expect(lines, told).toBe('one\ntwo');
      expect(again, told).toMatchObject([
        { type: 'attempt.resumed', attempt: 2, data: { sessionId: result.sessionId } },
      ]);
      expect(result).toMatchObject({ state: 'succeeded', text: 'both are there', git: { base: origin.head } });
      expect(result.git?.patch).toContain('+one\n+two\n');
      expect(job).toMatchObject({ attempt: 2, failures: 0, requeues: 1, start: { kind: 'resumed' } });
      // The model saw what was done before, and what is to be done with it.
      const asked = cluster.model.requests.findLast((request) => request.main)?.body;
      const seen = JSON.stringify(asked?.messages);
      expect(seen).toContain('The machine on which you were working was lost');
      expect(seen.match(/echo one >> lines.txt/g)?.length).toBeGreaterThanOrEqual(2);
      // What nobody has use for any more is gone with the next sweep; for now it is there.
      expect(blobsOf(id)).not.toEqual([]);
    },
    longMs,
  );

  test.skipIf(!there)(
    'may be lost while it goes on, and goes on from there',
    async () => {
      const id = await lost();
      await vi.waitFor(async () => expect(await recorded(id, 'attempt')).toBe('2'), { timeout: 40_000 });
      await vi.waitFor(async () => expect(await recorded(id, 'state')).toBe('running'), { timeout: 40_000 });
      await loseWorkerOf(id);
      const { told, again, lines, result } = await endOf(id);
      expect(lines, told).toBe('one\ntwo');
      expect(again.at(-1), told).toMatchObject({ type: 'attempt.resumed', attempt: 3 });
      expect(result).toMatchObject({ state: 'succeeded' });
    },
    longMs,
  );

  test
    .skipIf(!there || runtime === 'docker')
    .each<[string, Partial<JobRequest>, (id: string) => Promise<unknown>, string]>([
      ['is broken', {}, (id) => Promise.all(blobsOf(id).map((blob) => writeFile(blob, 'no archive'))), 'broken'],
      ['is gone', {}, (id) => Promise.all(blobsOf(id).map((blob) => rm(blob, { force: true }))), 'unavailable'],
      ['is not wanted', { onLost: 'restart' }, async () => undefined, 'asked'],
    ])(
    'runs its prompt again where its snapshot %s',
    async (_, request, before, reason) => {
      const { told, again, lines, result } = await endOf(await lost(request, before));
      expect(again, told).toMatchObject([{ type: 'attempt.restarted', attempt: 2, data: { reason } }]);
      expect(lines, told).toBe('one\ntwo');
      expect(result).toMatchObject({ state: 'succeeded', text: 'both are there' });
    },
    longMs,
  );

  test.skipIf(!there || runtime === 'docker')(
    'runs its prompt again where it had not come to a snapshot',
    async () => {
      const id = await cluster.api.submit({ prompt: script({ text: 'slow', hangMs: 3_000 }) });
      await vi.waitFor(async () => expect(await recorded(id, 'state')).toBe('running'), { timeout: 40_000 });
      await loseWorkerOf(id);
      const { told, again, result } = await endOf(id);
      expect(again, told).toMatchObject([{ type: 'attempt.restarted', data: { reason: 'no_snapshot' } }]);
      expect(result).toMatchObject({ state: 'succeeded', text: 'slow' });
    },
    longMs,
  );
});

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
