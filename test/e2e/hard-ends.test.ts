import { execFileSync, spawnSync } from 'node:child_process';
import { script } from '@remuda/scripted-model';
import type { JobEvent } from '@remuda/domain';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasEngine, startCluster, type TestCluster } from './harness/cluster.js';

const longMs = 180_000;
const bash = (command: string) => ({ tools: [{ name: 'Bash', input: { command, description: 'a command' } }] });
const profiles = `
profiles:
  default:
    pool: { warm: 1, max: 3 }
    resources: { cpus: 2, memoryMb: 900, pids: 512, diskMb: 64 }
`;

const containerOf = (worker: string): string => `remuda-${worker}`;
const exists = (worker: string): boolean => spawnSync('docker', ['inspect', containerOf(worker)]).status === 0;

describe.skipIf(!hasEngine)('a worker in a container', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster({ runtime: 'docker', warm: 1, profiles, env: { REMUDA_SNAPSHOT_EVERY_MS: '0' } });
  }, longMs);
  afterAll(async () => {
    await cluster.stop();
  });

  async function eventsOf(id: string): Promise<readonly JobEvent[]> {
    const events: JobEvent[] = [];
    for await (const event of cluster.api.events(id)) events.push(event);
    return events;
  }

  test(
    'ends a job whose Claude Code the kernel killed for want of memory with that reason',
    async () => {
      // Else the kernel takes what is largest, which is the tool.
      const greedy = 'echo 1000 > /proc/$PPID/oom_score_adj; tail /dev/zero';
      const id = await cluster.api.submit({ prompt: script(bash(greedy), { text: 'never said' }), attempts: 1 });
      const told = JSON.stringify(await eventsOf(id));
      expect(await cluster.api.over(id), told).toMatchObject({
        state: 'failed',
        failure: {
          code: 'engine.out_of_memory',
          message: 'Claude Code ran out of memory and was killed by the kernel.',
        },
      });
    },
    longMs,
  );

  test(
    'goes on with a job whose tool the kernel killed for want of memory',
    async () => {
      const id = await cluster.api.submit({
        prompt: script(
          bash("node -e 'const held = []; for (;;) held.push(Buffer.alloc(1e7, 1))'; echo it ended with $?"),
          { text: 'fine' },
        ),
      });
      const events = await eventsOf(id);
      const output = events.flatMap((event) => (event.type === 'tool.returned' ? [event.data.output] : [])).join('');
      expect(output, JSON.stringify(events, undefined, 1)).toContain('it ended with 137');
      expect(await cluster.api.over(id)).toMatchObject({ state: 'succeeded', attempt: 1 });
    },
    longMs,
  );

  test.each([
    ['is paused', (worker: string) => ['pause', containerOf(worker)]],
    ['is stopped by a signal', (worker: string) => ['exec', containerOf(worker), 'pkill', '-STOP', '-f', 'worker.mjs']],
  ])(
    'that %s is gone before its job goes on elsewhere, and what it said is kept',
    async (_, freeze) => {
      const prompt = script({ text: 'I will wait now.', ...bash('sleep 120') }, { text: 'never said' });
      const id = await cluster.api.submit({ prompt });
      let worker = '';
      for await (const event of cluster.api.events(id)) {
        if (event.type === 'job.assigned' && event.attempt === 1) worker = event.data.worker;
        if (event.type === 'tool.called' && event.attempt === 1) execFileSync('docker', freeze(worker));
        if (event.type === 'attempt.ended' && event.attempt === 1) {
          expect(exists(worker)).toBe(false);
          expect(event.data).toMatchObject({ by: 'container', processesLeft: 0 });
        }
        if (event.type === 'job.assigned' && event.attempt === 2) await cluster.api.cancel(id);
      }
      expect(await cluster.api.job(id)).toMatchObject({ attempt: 2, requeues: 1 });
      const [first] = await cluster.api.remuda.attempts(id);
      expect(first).toMatchObject({
        attempt: 1,
        failure: { code: 'worker.lost' },
        lastText: 'I will wait now.',
        ended: { by: 'container', processesLeft: 0 },
      });
    },
    longMs,
  );
});
