import { script } from '@remuda/scripted-model';
import type { JobEvent } from '@remuda/domain';
import { expect, test } from 'vitest';
import { waysNow } from '../proof-size.js';
import { hasEngine, startCluster, type TestCluster } from './harness/cluster.js';
import { serveSite } from './harness/site.js';

const bash = (command: string) => ({ tools: [{ name: 'Bash', input: { command, description: 'a command' } }] });

const profiles = (at: string): string =>
  JSON.stringify({
    profiles: { default: { pool: { warm: 1, max: 1 }, recycle: { afterJobs: 5 }, egress: [at, 'node'] } },
  });

async function run({ api }: TestCluster, commands: readonly string[], more: object = {}) {
  const id = await api.submit({ prompt: script(...commands.map(bash), { text: 'done' }), ...more });
  const events: JobEvent[] = [];
  for await (const event of api.events(id)) events.push(event);
  const outputs = events.flatMap((event) => (event.type === 'tool.returned' ? [event.data.output] : []));
  const refused = events.flatMap((event) => (event.type === 'egress.refused' ? [event.data] : []));
  return { outputs, refused, events };
}

const ways = [
  { runtime: 'docker', there: hasEngine },
  { runtime: 'process', there: true },
] as const;

test.for(waysNow(ways))(
  'a job reaches the hosts of its profile and no other, and its events say which it was refused: $runtime',
  async ({ runtime, there }, { skip }) => {
    skip(!there, 'no container engine');
    await using site = await serveSite();
    await using cluster = await startCluster({
      runtime,
      profiles: profiles(site.at),
      env: { REMUDA_EGRESS_HOSTS: '127.0.0.2' },
    });
    const allowed = `curl -sS http://${site.at}/a.txt`;
    const refused = 'for i in 1 2; do curl -sS https://other.example/b; done; echo "curl: $?"';
    const first = await run(cluster, [allowed, refused, 'echo "[$HTTPS_PROXY] [$REMUDA_EGRESS_PROXY]"']);
    expect(first.outputs[0], JSON.stringify(first.events)).toContain('the file /a.txt');
    expect(first.outputs[1]).toMatch(/403[^]*curl: \d+/);
    expect(first.outputs[2]).toMatch(/^\[http:\/\/127\.0\.0\.1:\d+\] \[\]/);
    expect(first.refused).toEqual([{ host: 'other.example', port: 443, reason: 'not_allowed' }]);

    const narrowed = await run(cluster, [allowed], { egress: ['node', 'wider.example'] });
    expect(narrowed.outputs[0]).toContain('is not among the hosts');
    expect(narrowed.refused).toEqual([
      { host: '127.0.0.2', port: Number(site.at.split(':')[1]), reason: 'not_allowed' },
    ]);

    const none = await run(cluster, ['echo "[$HTTPS_PROXY]"'], { egress: [] });
    expect(none.outputs[0]).toMatch(/^\[\]/);
    expect(none.refused).toEqual([]);
  },
);
