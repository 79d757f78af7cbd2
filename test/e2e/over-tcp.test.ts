import { script } from '@remuda/scripted-model';
import type { JobEvent } from '@remuda/domain';
import { expect, test } from 'vitest';
import { startCluster, type TestCluster } from './harness/cluster.js';
import { serveRepository } from './harness/git-server.js';
import { tlsOnly } from './harness/tls-bridge.js';

const bash = (command: string) => ({ tools: [{ name: 'Bash', input: { command, description: 'a command' } }] });

async function eventsOf({ api }: TestCluster, id: string): Promise<readonly JobEvent[]> {
  const events: JobEvent[] = [];
  for await (const event of api.events(id)) events.push(event);
  return events;
}

/** The bridge's figures, by their names and labels as they are written. */
async function figuresOf({ bridgeUrl }: TestCluster): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(`${bridgeUrl}/metrics`)).text();
  return new Map([...text.matchAll(/^(\S+) (\S+)$/gm)].map(([, name = '', value]) => [name, Number(value)]));
}

test('a job with a repository and a snapshot reaches a bridge with TLS alone, over TCP', async () => {
  await using tls = await tlsOnly();
  await using cluster = await startCluster({
    runtime: 'process',
    env: { ...tls.env, REMUDA_SNAPSHOT_EVERY_MS: '100' },
  });
  await using origin = await serveRepository({ 'a.txt': 'old\n' });
  const prompt = script(
    bash('echo new > a.txt'),
    { ...bash('cat a.txt'), hangMs: 3_000 },
    bash('git commit -qam "change a"'),
    {
      text: 'changed',
    },
  );
  const id = await cluster.api.submit({ prompt, workspace: { kind: 'git', url: origin.url } });
  const events = await eventsOf(cluster, id);
  expect(await cluster.api.result(id), JSON.stringify(events)).toMatchObject({
    state: 'succeeded',
    text: 'changed',
    git: { base: origin.head, filesChanged: 1, commits: [{ subject: 'change a' }] },
  });
  const figures = await figuresOf(cluster);
  const entries = [...figures].filter(([name]) => name.startsWith('remuda_bridge_entries_total'));
  expect(entries.map(([name]) => name)).toEqual([expect.stringContaining('outcome="let_in"')]);
  expect([...figures].filter(([name]) => /^remuda_bridge_snapshots_total.*"stored"/.test(name))).toEqual([
    [expect.any(String), expect.toSatisfy((count: number) => count > 0)],
  ]);
});
