import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { RemudaClient } from '@remuda/client';
import { script } from '@remuda/scripted-model';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { hasEngine, startCluster, type TestCluster } from './harness/cluster.js';

const longMs = 180_000;
const bash = (command: string) => ({ tools: [{ name: 'Bash', input: { command, description: 'a command' } }] });
const claude = join(
  dirname(
    createRequire(import.meta.url).resolve(
      `@anthropic-ai/claude-code-${process.platform}-${process.arch}/package.json`,
    ),
  ),
  'claude',
);

describe.each([
  { runtime: 'process', there: true },
  { runtime: 'docker', there: hasEngine },
] as const)('a session whose workers are of the runtime $runtime', ({ runtime, there }) => {
  let cluster: TestCluster;
  let folder: string;
  beforeAll(async () => {
    if (!there) return;
    folder = await realpath(await mkdtemp(join(tmpdir(), 'remuda-transcript-')));
    cluster = await startCluster({ runtime });
  }, longMs);
  afterAll(async () => {
    if (!there) return;
    await cluster.stop();
    await rm(folder, { recursive: true });
  });

  /** Goes on with a transcript as a person does on a laptop: it is put where Claude Code looks for that of a folder. */
  async function resume(transcript: string, id: string, prompt: string): Promise<string> {
    const project = join(folder, 'project');
    const kept = join(folder, '.claude', 'projects', project.replace(/[^A-Za-z0-9]/g, '-'));
    await Promise.all([mkdir(project), mkdir(kept, { recursive: true })]);
    await writeFile(join(kept, `${id}.jsonl`), transcript);
    const env = {
      PATH: process.env['PATH'],
      HOME: folder,
      ANTHROPIC_API_KEY: 'key',
      ANTHROPIC_BASE_URL: cluster.model.url,
    };
    const run = promisify(execFile)(claude, ['--resume', id, '-p', prompt], { cwd: project, env, timeout: 60_000 });
    run.child.stdin?.end();
    return (await run).stdout;
  }

  test.skipIf(!there)(
    'has its files read without a worker, and its conversation goes on in a Claude Code elsewhere',
    async () => {
      const { sessions } = new RemudaClient({ url: cluster.apiUrl });
      const { id } = await sessions.create({ idleMs: 0 });
      await sessions.send(id, {
        prompt: `The word is heron. ${script(bash('mkdir d; echo one > d/a.txt; ln -s / root'), { text: 'noted' })}`,
      });
      await vi.waitFor(async () => expect((await sessions.get(id)).state).toBe('hibernated'), {
        timeout: 90_000,
        interval: 50,
      });
      expect((await sessions.filePage(id)).files).toEqual([{ path: 'd/a.txt', bytes: 4 }]);
      expect(await new Response(await sessions.file(id, 'd/a.txt')).text()).toBe('one\n');
      await expect(sessions.file(id, 'root/etc/passwd')).rejects.toMatchObject({ code: 'request.invalid' });

      const transcript = await new Response(await sessions.transcript(id)).text();
      const [first = ''] = /(?<="sessionId":")[0-9a-f-]{36}/.exec(transcript) ?? [];
      expect(await resume(transcript, first, `Which? ${script({ text: 'it was heron' })}`)).toContain('it was heron');
      const seen = JSON.stringify(cluster.model.requests.findLast((request) => request.main)?.body);
      for (const said of ['The word is heron', 'noted', 'Which?']) expect(seen).toContain(said);
      await sessions.stop(id);
    },
    longMs,
  );
});
