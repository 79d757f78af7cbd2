import { spawn, type ChildProcess } from 'node:child_process';
import { readFile, readdir, readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { script } from '@remuda/scripted-model';
import { describe, expect, test } from 'vitest';
import { hasEngine, startCluster, type TestCluster } from './harness/cluster.js';
import { tlsOnly } from './harness/tls-bridge.js';

/** Longer than a worker's silence may last where words could come: 6 s. */
const awayMs = 8_000;
const longMs = 120_000;
const profiles = `
profiles:
  default:
    pool: { warm: 1, max: 2 }
    recycle: { afterJobs: 10 }
`;
/** Ends well after the bridge is back. */
const slow = { tools: [{ name: 'Bash', input: { command: 'sleep 14; echo it waited', description: 'waits' } }] };

/** A program of the cluster, and what starts it once more just as it was. */
async function findApp(name: string, namespace: string) {
  for (const pid of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const [command, environment] = await Promise.all(
      ['cmdline', 'environ'].map(async (file) =>
        (await readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')).split('\0').filter(Boolean),
      ),
    );
    const isApp = command?.some((word) => word.endsWith(`apps/${name}/dist/main.js`)) === true;
    if (!isApp || environment?.includes(`REMUDA_NAMESPACE=${namespace}`) !== true) continue;
    const cwd = await readlink(`/proc/${pid}/cwd`);
    const env = Object.fromEntries(environment.map((entry) => entry.split(/=(.*)/s).slice(0, 2) as [string, string]));
    const again = (): ChildProcess => spawn(command[0]!, command.slice(1), { cwd, env, stdio: 'ignore' });
    return { pid: Number(pid), again };
  }
  throw new Error(`no ${name} of ${namespace} runs`);
}

async function workersOf({ api }: TestCluster) {
  return (await api.workers()).filter(({ phase }) => phase !== 'gone');
}

describe.skipIf(!hasEngine)('a bridge that is away for 8 s', () => {
  test(
    'costs no worker in a container, neither an idle nor a busy one, and no prompt runs twice',
    async () => {
      await using cluster = await startCluster({ runtime: 'docker', profiles });
      const { api, model, namespace } = cluster;
      const id = await api.submit({ prompt: script(slow, { text: 'fine' }) });
      for await (const event of api.events(id)) if (event.type === 'tool.called') break;
      expect(await api.warm('default', 1, AbortSignal.timeout(60_000))).toBe(true);
      const ids = async () => (await workersOf(cluster)).map((worker) => worker.id).sort();
      const before = await workersOf(cluster);
      expect(before.map(({ phase }) => phase).sort()).toEqual(['busy', 'idle']);

      const bridge = await findApp('bridge', namespace);
      process.kill(bridge.pid, 'SIGKILL');
      await sleep(awayMs);
      const again = bridge.again();
      try {
        expect(await api.over(id)).toMatchObject({ state: 'succeeded', attempt: 1 });
        expect((await api.result(id)).text).toBe('fine');
        expect(model.requests.filter(({ main }) => main)).toHaveLength(2);
        expect(await ids()).toEqual(before.map((worker) => worker.id).sort());
        // The one that was idle is given a job, and has it done.
        const next = [await api.submit({ prompt: 'say hello' }), await api.submit({ prompt: 'say hello' })];
        for (const job of next) expect(await api.over(job)).toMatchObject({ state: 'succeeded', attempt: 1 });
        expect(await ids()).toEqual(expect.arrayContaining(before.map((worker) => worker.id)));
      } finally {
        again.kill('SIGTERM');
      }
    },
    longMs,
  );
});

describe('a bridge that workers reach over TCP, away for more than a minute', () => {
  test('costs no worker, neither an idle nor a busy one, and no prompt runs twice', async () => {
    await using tls = await tlsOnly();
    await using cluster = await startCluster({ runtime: 'process', profiles, env: tls.env });
    const { api, model, namespace } = cluster;
    const waits = { tools: [{ name: 'Bash', input: { command: 'sleep 75; echo it waited', timeout: 120_000 } }] };
    const id = await api.submit({ prompt: script(waits, { text: 'fine' }) });
    for await (const event of api.events(id)) if (event.type === 'tool.called') break;
    expect(await api.warm('default', 1, AbortSignal.timeout(60_000))).toBe(true);
    const ids = async () => (await workersOf(cluster)).map((worker) => worker.id).sort();
    const before = await ids();
    expect(before).toHaveLength(2);

    const bridge = await findApp('bridge', namespace);
    process.kill(bridge.pid, 'SIGKILL');
    await sleep(62_000);
    expect(await ids()).toEqual(before);
    const again = bridge.again();
    try {
      expect(await api.over(id)).toMatchObject({ state: 'succeeded', attempt: 1 });
      expect((await api.result(id)).text).toBe('fine');
      expect(model.requests.filter(({ main }) => main)).toHaveLength(2);
      const next = [await api.submit({ prompt: 'say hello' }), await api.submit({ prompt: 'say hello' })];
      for (const job of next) expect(await api.over(job)).toMatchObject({ state: 'succeeded', attempt: 1 });
      expect(await ids()).toEqual(before);
    } finally {
      again.kill('SIGTERM');
    }
  });
});
