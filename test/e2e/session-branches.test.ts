import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { RemudaClient } from '@remuda/client';
import { script } from '@remuda/scripted-model';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startCluster, type TestCluster } from './harness/cluster.js';

const longMs = 300_000;
const bash = (command: string) => ({ tools: [{ name: 'Bash', input: { command, description: 'a command' } }] });
const claude = join(
  dirname(
    createRequire(import.meta.url).resolve(
      `@anthropic-ai/claude-code-${process.platform}-${process.arch}/package.json`,
    ),
  ),
  'claude',
);

describe('the conversation of a session, in the real Claude Code', () => {
  let cluster: TestCluster;
  let client: RemudaClient;
  let laptop: string;
  beforeAll(async () => {
    laptop = await realpath(await mkdtemp(join(tmpdir(), 'remuda-laptop-')));
    await mkdir(join(laptop, 'project'));
    cluster = await startCluster({ runtime: 'process' });
    client = new RemudaClient({ url: cluster.apiUrl });
  }, longMs);
  afterAll(async () => {
    await cluster.stop();
    await rm(laptop, { recursive: true });
  });

  /** Sends a turn, and waits until its session has taken it in. */
  async function turn(id: string, prompt: string): Promise<void> {
    const { turns } = await client.sessions.get(id);
    const job = await client.sessions.send(id, { prompt });
    const isOver = async () => {
      const { state, turns: begun } = await client.sessions.get(id);
      expect([state, begun]).toEqual(['hibernated', turns + 1]);
    };
    await vi.waitFor(isOver, { timeout: 120_000, interval: 100 });
    expect(await client.job(job.id)).toMatchObject({ state: 'succeeded' });
  }

  const lastAsked = () => JSON.stringify(cluster.model.requests.findLast((request) => request.main)?.body);
  const project = () => join(laptop, 'project');
  const transcripts = () => join(laptop, '.claude', 'projects', project().replace(/[^A-Za-z0-9]/g, '-'));

  /** Claude Code as a person has it, in a folder of the laptop. */
  async function ask(...args: readonly string[]): Promise<string> {
    const env = {
      ...{ PATH: process.env['PATH'], HOME: laptop },
      ...{ ANTHROPIC_API_KEY: 'key', ANTHROPIC_BASE_URL: cluster.model.url },
    };
    const run = promisify(execFile)(claude, ['-p', ...args], { cwd: project(), env, timeout: 120_000 });
    run.child.stdin?.end();
    return (await run).stdout;
  }

  test(
    'goes two ways after a fork, each with the files of its own and what was said before',
    async () => {
      const { id } = await client.sessions.create({ idleMs: 0, keepTurns: 2 });
      await turn(id, `The word is heron. ${script(bash('echo one > a.txt'), { text: 'noted' })}`);
      await turn(id, `The number is 7. ${script(bash('echo two > a.txt'), { text: 'both' })}`);
      const fork = await client.sessions.fork(id, 1);
      await turn(fork.id, `Which? ${script(bash('cat a.txt; echo three > b.txt'), { text: 'heron' })}`);
      for (const said of ['The word is heron', 'noted', 'Which?', 'one\\n']) expect(lastAsked()).toContain(said);
      expect(lastAsked()).not.toContain('The number is 7');
      const textOf = async (of: string, path: string) => new Response(await client.sessions.file(of, path)).text();
      expect(await textOf(fork.id, 'b.txt')).toBe('three\n');
      await turn(id, `And now? ${script(bash('cat a.txt b.txt'), { text: 'seven' })}`);
      expect(lastAsked()).toContain('The number is 7');
      expect(lastAsked()).not.toContain('three');
      for (const one of [id, fork.id]) await client.sessions.stop(one);
    },
    longMs,
  );

  test(
    'begins on a laptop, goes on in a session with a file that was sent, and then on the laptop again',
    async () => {
      expect(await ask(`The word is heron. ${script({ text: 'noted' })}`)).toContain('noted');
      const [name = ''] = await readdir(transcripts());
      const { id } = await client.sessions.create({ idleMs: 0 });
      const found = await client.sessions.putTranscript(id, await readFile(join(transcripts(), name), 'utf8'));
      expect(found).toMatchObject({ sessionId: name.replace('.jsonl', ''), warnings: [] });
      await client.sessions.putFile(id, 'd/a.txt', 'from the laptop');
      await turn(id, `Which? ${script(bash('cat d/a.txt'), { text: 'it was heron' })}`);
      for (const said of ['The word is heron', 'noted', 'Which?', 'from the laptop'])
        expect(lastAsked()).toContain(said);

      const back = await new Response(await client.sessions.transcript(id)).text();
      const [own = ''] =
        /(?<="sessionId":")[0-9a-f-]{36}/.exec(
          back.split('\n').findLast((line) => line.includes('"sessionId"')) ?? '',
        ) ?? [];
      await writeFile(join(transcripts(), `${own}.jsonl`), back);
      expect(await ask('--resume', own, `Still? ${script({ text: 'still heron' })}`)).toContain('still heron');
      for (const said of ['The word is heron', 'Which?', 'it was heron', 'Still?']) expect(lastAsked()).toContain(said);
      await client.sessions.stop(id);
    },
    longMs,
  );
});
