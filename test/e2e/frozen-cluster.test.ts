import { readFile, readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { script } from '@remuda/scripted-model';
import { expect, test } from 'vitest';
import { startCluster } from './harness/cluster.js';

/** Longer than a worker's silence, a scheduler's ownership and a bridge's absence may last. */
const frozenMs = 12_000;
const slow = { text: 'one word after the other', chunkMs: 600 };

interface SeenProcess {
  readonly pid: number;
  readonly parent: number;
  readonly isPart: boolean;
}

/** Every process of a cluster: its parts, its workers, and what those have started. Linux only: it reads `/proc`. */
async function processesOf(namespace: string): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const read = (pid: string, file: string) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
  const all = await Promise.all(
    pids.map(async (pid): Promise<SeenProcess> => {
      const [stat, environment] = await Promise.all([read(pid, 'stat'), read(pid, 'environ')]);
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      return { pid: Number(pid), parent, isPart: environment.split('\0').includes(`REMUDA_NAMESPACE=${namespace}`) };
    }),
  );
  const found = new Set(all.filter(({ isPart }) => isPart).map(({ pid }) => pid));
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
  }
  return [...found];
}

function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids)
    try {
      process.kill(pid, name);
    } catch {
      // It has ended in the meantime.
    }
}

test.skipIf(process.platform !== 'linux')(
  'a whole cluster that was frozen for longer than any silence may last goes on where it was',
  async () => {
    await using cluster = await startCluster({ runtime: 'process' });
    const { api, model, namespace } = cluster;
    const id = await api.submit({ prompt: script(slow) });
    for await (const event of api.events(id)) if (event.type === 'session.started') break;
    const frozen = await processesOf(namespace);
    // Bridge, scheduler, api, at least one worker with its Claude Code.
    expect(frozen.length).toBeGreaterThanOrEqual(5);
    signal(frozen, 'SIGSTOP');
    try {
      await sleep(frozenMs);
    } finally {
      signal(frozen, 'SIGCONT');
    }
    expect(await api.over(id)).toMatchObject({ state: 'succeeded', attempt: 1 });
    expect((await api.result(id)).text).toBe('one word after the other');
    expect(model.requests.filter(({ main }) => main)).toHaveLength(1);
  },
  120_000,
);
