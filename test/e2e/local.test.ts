import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { documentedFigures, figuresIn } from '../contract/documents/metrics.js';
import { inTime, leftNothing, LocalRun } from './harness/local-run.js';

const hasCurl = spawnSync('curl', ['--version']).status === 0;
const onLinux = process.platform === 'linux';
const root = fileURLToPath(new URL('../..', import.meta.url));

describe.skipIf(!onLinux)('npm start', () => {
  let run: LocalRun;
  beforeAll(async () => {
    run = await LocalRun.up();
  }, inTime.timeout);
  afterAll(() => run[Symbol.asyncDispose]());

  test('prints addresses that answer, and where all figures of a cluster are that are documented', async () => {
    const urls = [...run.printed.matchAll(/^ {2}(?:documentation|board|metrics) +(.*)$/gm)].flatMap(([, found]) =>
      (found ?? '').split(/\s+/),
    );
    expect(urls).toHaveLength(5);
    for (const url of urls) expect([url, (await fetch(url)).status]).toEqual([url, 200]);
    const figures = await Promise.all(scrapeTargets(run.printed).map(readMetrics));
    expect(figuresIn(figures.join('\n'))).toEqual(
      documentedFigures()
        // which is no part of a cluster
        .filter(({ app }) => app !== 'host-bridge')
        .map(({ name }) => name)
        .sort(),
    );
  });

  test('prints the address of the console before all others, and it is a page', async () => {
    const [, first, url = ''] = /^ {2}(\w+) +(http\S+)$/m.exec(run.printed) ?? [];
    expect(first).toBe('console');
    const page = await fetch(url, { headers: { accept: 'text/html' } });
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<title>Remuda') as string]);
  });

  test('prints a line of the command that works when pasted', () => {
    const line = /^ {2}(npx remuda .*)$/m.exec(run.printed)?.[1] ?? '';
    expect(execFileSync('sh', ['-c', line], { cwd: root, stdio: 'pipe' }).toString()).toMatch(/\S/);
  });

  test.skipIf(!hasCurl)('prints a curl line that works when pasted', () => {
    const curl = /^ {2}(curl .*)$/m.exec(run.printed)?.[1] ?? '';
    const answer = JSON.parse(execFileSync('sh', ['-c', curl]).toString()) as { state: string };
    expect(answer.state).toBe('succeeded');
  });

  test('is ended by a Ctrl-C, and leaves nothing', async () => {
    run.kill('SIGINT');
    expect(await run.ended(), run.printed).toBe(0);
    await leftNothing(run);
  });
});

describe('npm start that does not come to its work', () => {
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

/** The targets of the configuration for Prometheus that is printed. */
function scrapeTargets(printed: string): readonly string[] {
  const yaml = /^ {2}scrape_configs:[^]*?(?=\n\n)/m.exec(printed)?.[0] ?? '';
  const read = parse(yaml) as { scrape_configs: [{ static_configs: [{ targets: string[] }] }] };
  return read.scrape_configs[0].static_configs[0].targets;
}

const readMetrics = async (target: string): Promise<string> => (await fetch(`http://${target}/metrics`)).text();
