import { resolveClaude } from '@remuda/engine';
import { connectRaw } from '@remuda/redis/testing';
import { describe, expect, inject, test } from 'vitest';
import { freePort } from '../../apps/local/src/cluster/free-port.js';
import { startRedis, type TestRedis } from '../integration/redis.js';
import { waysNow } from '../proof-size.js';
import { hasEngine } from './harness/cluster.js';
import { inTime, leftNothing, LocalRun } from './harness/local-run.js';

const onLinux = process.platform === 'linux';
/** The oldest Claude Code that is served: told by `npm run test:slow` alone. */
const { older } = inject('claudeVersions');
const olderClaude = older ? { REMUDA_CLAUDE: resolveClaude(older.folder) } : {};
const ways = [
  { runtime: 'docker', redis: 'of its own', claude: 'newest', there: hasEngine && onLinux },
  { runtime: 'process', redis: 'of its own', claude: 'newest', there: onLinux },
  { runtime: 'process', redis: 'that is given', claude: 'newest', there: onLinux },
  { runtime: 'process', redis: 'of its own', claude: 'oldest', there: onLinux && older !== undefined },
];

describe.each(waysNow(ways))(
  'npm run demo with workers as $runtime, the $claude Claude Code and a Redis $redis',
  (way) => {
    const { runtime, there } = way;
    test.skipIf(!there)('shows a job from its submission to its end, and leaves nothing', async () => {
      await using redis = way.redis === 'that is given' ? await startRedis() : undefined;
      await using run = await LocalRun.start(['demo', 'Greet me.'], {
        ...(await portsOfItsOwn()),
        ...(redis && { REMUDA_REDIS_URL: redis.url }),
        REMUDA_RUNTIME: runtime,
        ...(way.claude === 'oldest' ? olderClaude : {}),
      });
      await expect.poll(() => run.printed, inTime).toContain('job.over');
      expect(await run.ended(), run.printed).toBe(0);
      expect(run.printed).toContain('Prompt: Greet me.');
      const told = [
        'job.queued',
        'job.assigned',
        'tool.called',
        'tool.returned',
        'message.text',
        'turn.ended',
        'job.over',
      ];
      const shown = eventsOf(run.printed);
      expect(
        told.filter((name) => !shown.includes(name)),
        run.printed,
      ).toEqual([]);
      expect(run.printed).toMatch(/Result \(succeeded\):\n {2}\S/);
      expect(run.printed).toMatch(/^Cost: \$\d/m);
      for (const row of ['queued', 'claimed', 'first model request', 'first token', 'over'])
        expect(run.printed).toMatch(new RegExp(`^  ${row} +\\d+ ms$`, 'm'));
      expect(run.printed).toMatch(/^ {2}start +warm$/m);
      expect(run.printed.includes('NOT isolated')).toBe(runtime === 'process');
      const [, next = ''] = run.printed.split('\nNext:\n');
      for (const one of ['npm run demo -- "', 'npm start ', 'docs/command.md ']) expect(next).toContain(`  ${one}`);
      await leftNothing(run);
      if (redis) await holdsNothing(redis);
    });
  },
);

/** `npm start` is tried at the same time, with the usual ports. */
async function portsOfItsOwn(): Promise<Readonly<Record<string, string>>> {
  const names = ['REMUDA_API_PORT', 'REMUDA_SCHEDULER_PORT', 'REMUDA_BRIDGE_ADMIN_PORT'];
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, String(await freePort())] as const)));
}

/** Fails where a Redis does not run any more, or has a key or an account of somebody. */
async function holdsNothing({ url }: TestRedis): Promise<void> {
  const client = connectRaw(url, { name: 'test' });
  expect(await client.dbsize()).toBe(0);
  expect(await client.acl('LIST')).toHaveLength(1);
  client.disconnect();
}

function eventsOf(printed: string): readonly string[] {
  return [...printed.matchAll(/^ +\d+\.\d{3} s {2}([a-z_.]+)/gm)].map(([, name]) => name ?? '');
}
