import { execFileSync, spawnSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { connectRedis } from '@remuda/redis';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { documentedFigures, figuresIn } from '../contract/documents/metrics.js';
import { startRedis } from '../integration/redis.js';
import { hasEngine } from './harness/cluster.js';
import { LocalRun } from './harness/local-run.js';

const inTime = { timeout: 180_000, interval: 100 };
const hasCurl = spawnSync('curl', ['--version']).status === 0;
const onLinux = process.platform === 'linux';

describe.each([
  { runtime: 'docker', there: hasEngine },
  { runtime: 'process', there: true },
])('npm run demo with workers as $runtime', ({ runtime, there }) => {
  test.skipIf(!there || !onLinux)('shows a job from its submission to its end, and leaves nothing', async () => {
    await using run = await LocalRun.start(['demo', 'Greet me.'], { REMUDA_RUNTIME: runtime });
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
    expect(eventsOf(run.printed)).toEqual(expect.arrayContaining(told));
    expect(run.printed).toMatch(/Result \(succeeded\):\n {2}\S/);
    expect(run.printed).toMatch(/^Cost: \$\d/m);
    for (const row of ['queued', 'claimed', 'first model request', 'first token', 'over'])
      expect(run.printed).toMatch(new RegExp(`^  ${row} +\\d+ ms$`, 'm'));
    expect(run.printed).toMatch(/^ {2}start +warm$/m);
    expect(run.printed.includes('NOT isolated')).toBe(runtime === 'process');
    await leftNothing(run);
  });
});

test.skipIf(!onLinux)(
  'npm run demo with a Redis that is given leaves it running, and nothing of its own in it',
  async () => {
    await using redis = await startRedis();
    await using run = await LocalRun.start(['demo'], { REMUDA_RUNTIME: 'process', REMUDA_REDIS_URL: redis.url });
    expect(await run.ended(), run.printed).toBe(0);
    const client = connectRedis(redis.url, { name: 'test' });
    expect(await client.dbsize()).toBe(0);
    expect(await client.acl('LIST')).toHaveLength(1);
    client.disconnect();
    await leftNothing(run);
  },
);

describe('npm start', () => {
  test.skipIf(!onLinux)('prints addresses that answer, and a Ctrl-C ends it all', async () => {
    await using run = await up();
    const urls = [...run.printed.matchAll(/^ {2}(?:documentation|board|metrics) +(.*)$/gm)].flatMap(([, found]) =>
      (found ?? '').split(/\s+/),
    );
    expect(urls).toHaveLength(5);
    for (const url of urls) expect([url, (await fetch(url)).status]).toEqual([url, 200]);
    const figures = await Promise.all(scrapeTargets(run.printed).map(readMetrics));
    expect(figuresIn(figures.join('\n'))).toEqual(
      documentedFigures()
        .map(({ name }) => name)
        .sort(),
    );

    run.kill('SIGINT');
    expect(await run.ended(), run.printed).toBe(0);
    await leftNothing(run);
  });

  test.skipIf(!onLinux || !hasCurl)('prints a curl line that works when pasted', async () => {
    await using run = await up();
    const curl = /^ {2}(curl .*)$/m.exec(run.printed)?.[1] ?? '';
    const answer = JSON.parse(execFileSync('sh', ['-c', curl]).toString()) as { state: string };
    expect(answer.state).toBe('succeeded');
    run.kill('SIGTERM');
    await run.ended();
  });

  test.skipIf(!onLinux)('leaves no process and no container when it is killed', async () => {
    await using run = await up();
    if (hasEngine) await expect.poll(() => run.containers().length, inTime).toBeGreaterThan(0);
    run.kill('SIGKILL');
    await run.ended();
    await expect.poll(() => run.running(), inTime).toEqual([]);
    if (hasEngine) expect(run.containers()).toEqual([]);
  });

  test.skipIf(!onLinux)('goes in good order when it is stopped before it is up', async () => {
    await using run = await LocalRun.start(['start']);
    await expect.poll(() => run.printed, inTime).toContain('bridge is ready');
    run.kill('SIGTERM');
    await run.ended();
    await leftNothing(run);
  });

  test('refuses what is wrong in its environment, and says all of it', async () => {
    await using run = await LocalRun.start(['start'], { REMUDA_RUNTIME: 'vm', REMUDA_API_PORT: 'http' });
    expect(await run.ended()).toBe(1);
    expect(run.printed).toMatch(/REMUDA_RUNTIME: expected one of docker, process/);
    expect(run.printed).toMatch(/REMUDA_API_PORT: expected a whole number/);
    expect(run.printed).not.toContain('    at ');
  });
});

async function up(): Promise<LocalRun> {
  const run = await LocalRun.start(['start']);
  await expect.poll(() => run.printed, inTime).toContain('Ctrl-C');
  return run;
}

/** The targets of the configuration for Prometheus that is printed. */
function scrapeTargets(printed: string): readonly string[] {
  const yaml = /^ {2}scrape_configs:[^]*?(?=\n\n)/m.exec(printed)?.[0] ?? '';
  const read = parse(yaml) as { scrape_configs: [{ static_configs: [{ targets: string[] }] }] };
  return read.scrape_configs[0].static_configs[0].targets;
}

const readMetrics = async (target: string): Promise<string> => (await fetch(`http://${target}/metrics`)).text();

function eventsOf(printed: string): readonly string[] {
  return [...printed.matchAll(/^ +\d+\.\d{3} s {2}([a-z_.]+)/gm)].map(([, name]) => name ?? '');
}

async function leftNothing(run: LocalRun): Promise<void> {
  expect(await run.running()).toEqual([]);
  if (hasEngine) expect(run.containers()).toEqual([]);
  expect(await readdir(run.tmp)).toEqual([]);
}
