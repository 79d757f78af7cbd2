import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Job } from '@remuda/client';
import { script } from '@remuda/scripted-model';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { sized } from '../proof-size.js';
import { startCluster, type TestCluster } from './harness/cluster.js';
import { CommandRun, ended } from './harness/command-run.js';

const count = sized({ small: 12, whole: 200 });
/** A job may wait for all before it, on a machine that others use as well. */
const limitMs = sized({ small: 240_000, whole: 1_200_000 });
const workers = 4;

let cluster: TestCluster;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'remuda-batch-'));
  const profiles = JSON.stringify({ profiles: { default: { pool: { warm: workers, max: workers } } } });
  cluster = await startCluster({ runtime: 'process', warm: workers, profiles });
});
afterAll(async () => {
  await cluster.stop();
  await rm(folder, { recursive: true });
});

/** The last ones wait for a file, so that no run ends before it is interrupted. */
const prompts = (go: string): readonly string[] =>
  Array.from({ length: count }, (_, n) => {
    const wait = { name: 'Bash', input: { command: `until [ -e ${go} ]; do sleep 0.1; done`, description: 'x' } };
    const steps = [{ text: `answer ${String(n)}.` }];
    return n < count - workers ? script(...steps) : script({ tools: [wait] }, ...steps);
  });

/** Which answers the model was asked for, by the first request of each conversation. */
const asked = (): readonly number[] =>
  cluster.model.requests
    .filter(({ main, body }) => main && !JSON.stringify(body).includes('tool_result'))
    .map(({ body }) => Number(/answer (\d+)\./.exec(JSON.stringify(body))?.[1]));

const byNumber = (a: number, b: number): number => a - b;

test(
  `a batch of ${String(count)} prompts is interrupted twice, and ends with each carried out once`,
  async () => {
    const go = join(folder, 'go');
    const [file, results] = [join(folder, 'jobs.jsonl'), join(folder, 'results.jsonl')];
    await writeFile(
      file,
      prompts(go)
        .map((prompt) => JSON.stringify(prompt))
        .join('\n'),
    );
    const start = (...args: string[]) => new CommandRun(args, { home: folder, url: cluster.apiUrl });
    const lines = async (): Promise<readonly { line: number; state: string; text: string }[]> => {
      const text = await readFile(results, 'utf8').catch(() => '');
      // the last line may be half written
      return text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as { line: number; state: string; text: string });
    };

    const first = start('batch', file, '--out', results);
    await cluster.model.seen(({ main }) => main);
    first.interrupt();
    expect([await first.code, first.err]).toEqual([130, expect.stringContaining('the same command takes it up again')]);

    const second = start('batch', file, '--out', results);
    await vi.waitUntil(async () => (await lines()).length >= count / 3, { timeout: limitMs, interval: 100 });
    second.interrupt();
    expect([await second.code, second.err]).toEqual([
      130,
      expect.stringContaining(`${String(count)} of ${String(count)} jobs are submitted`),
    ]);

    await writeFile(go, '');
    const last = await ended(start('batch', file, '--out', results));
    expect(last.exit, last.err).toBe(0);
    expect(last.err).toMatch(
      new RegExp(
        `${String(count)} of ${String(count)} jobs are over, after .*\\.\n  succeeded  ${String(count)}\n  cost       \\$\\d`,
      ),
    );
    const all = Array.from({ length: count }, (_, n) => n);
    const written = [...(await lines())].sort((a, b) => a.line - b.line);
    expect(written.map(({ line, state, text }) => `${String(line)} ${state} ${text}`)).toEqual(
      all.map((n) => `${String(n + 1)} succeeded answer ${String(n)}.`),
    );
    expect([...asked()].sort(byNumber)).toEqual(all);

    const label = `remuda/batch:${String(/remuda\/batch=(\w+)/.exec(last.err)?.[1])}`;
    const listed = await ended(start('ls', '--json', '--limit', String(2 * count), '--label', label));
    expect(JSON.parse(listed.out) as readonly Job[]).toHaveLength(count);
  },
  limitMs,
);
