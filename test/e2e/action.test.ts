import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { script } from '@remuda/scripted-model';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { serveOverHttp, type GitOverHttp } from '../git-over-http.js';
import { startGitService, type GitService } from '../git-service.js';
import { startCluster, type TestCluster } from './harness/cluster.js';
import { serveRepository } from './harness/git-server.js';

const root = join(import.meta.dirname, '../..');

interface Action {
  readonly inputs: Readonly<Record<string, { readonly default?: string; readonly required?: boolean }>>;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: {
    readonly steps: readonly { readonly run: string; readonly env?: Readonly<Record<string, string>> }[];
  };
}

let cluster: TestCluster;
let server: GitOverHttp;
let service: GitService;
let folder: string;
let action: Action;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'remuda-action-'));
  action = parse(await readFile(join(root, 'action.yml'), 'utf8')) as Action;
  server = await serveOverHttp({ 'a.txt': 'old\n' });
  service = await startGitService();
  const place = `${server.origin.replace('://', `://${server.user}:${encodeURIComponent(server.token)}@`)}/team/`;
  const services = `${new URL(server.origin).host}=github@${service.origin}`;
  const env = { REMUDA_SECRET_PUSH_TEAM: place, REMUDA_GIT_SERVICES: services };
  cluster = await startCluster({ runtime: 'process', warm: 1, env });
});
afterAll(async () => {
  await cluster.stop();
  await server[Symbol.asyncDispose]();
  await service.close();
  await rm(folder, { recursive: true });
});

let steps = 0;

/** The last step of the action, as a runner runs it: in a shell, with the expressions of its environment resolved. */
async function step(inputs: Readonly<Record<string, string>>, workspace = folder) {
  const last = action.runs.steps.at(-1);
  const asked: Readonly<Record<string, string | undefined>> = { ...inputs, url: cluster.apiUrl };
  const valueOf = (name: string): string => asked[name] ?? action.inputs[name]?.default ?? '';
  const own = Object.entries(last?.env ?? {}).map(([name, text]) => [
    name,
    text.replace(/\$\{\{ inputs\.([\w-]+) \}\}/, (_all, input: string) => valueOf(input)),
  ]);
  const files = { GITHUB_OUTPUT: `out-${String(++steps)}`, GITHUB_STEP_SUMMARY: `summary-${String(steps)}` };
  const paths = Object.entries(files).map(([name, file]) => [name, join(folder, file)] as const);
  for (const [, path] of paths) await writeFile(path, '');
  const child = spawn('bash', ['-e', '-c', last?.run ?? ''], {
    cwd: workspace,
    env: {
      ...{ PATH: process.env['PATH'], HOME: folder, GITHUB_WORKSPACE: workspace, GITHUB_ACTION_PATH: root },
      ...(Object.fromEntries([...own, ...paths]) as Record<string, string>),
    },
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  const [outputs = '', summary = ''] = await Promise.all(paths.map(([, path]) => readFile(path, 'utf8')));
  return { code, log, summary, outputs: outputsIn(outputs) };
}

/** `name<<mark`, lines, `mark`. */
function outputsIn(text: string): Readonly<Record<string, string>> {
  const found = [...text.matchAll(/^([\w-]+)<<(\S+)\n([\s\S]*?)\n\2$/gm)];
  return Object.fromEntries(found.map(([, name = '', , value = '']) => [name, value]));
}

const changes = script(
  { tools: [{ name: 'Bash', input: { command: 'echo new > a.txt', description: 'a change' } }] },
  { text: 'changed' },
);

test('each output of the action is one of its step, each input reaches it, and no other', () => {
  const last = action.runs.steps.at(-1);
  const used = Object.values(last?.env ?? {}).map((text) => /inputs\.([\w-]+)/.exec(text)?.[1]);
  expect(used).toEqual(Object.keys(action.inputs));
  for (const [name, { value }] of Object.entries(action.outputs))
    expect(value).toBe(`\${{ steps.job.outputs.${name} }}`);
});

describe('a step of a workflow', () => {
  test('runs a prompt, follows it into its log, and has outputs and a summary', async () => {
    const said = 'All done.\n::error::not a command';
    const { code, log, outputs, summary } = await step({ prompt: script({ text: said }), labels: 'team=a\nstep=1' });
    expect([code, log]).toEqual([0, expect.stringContaining('All done.') as string]);
    expect(outputs).toMatchObject({ state: 'succeeded', text: said, failure: '' });
    expect(Number(outputs['cost'])).toBeGreaterThan(0);
    expect(summary).toContain(outputs['job'] ?? 'no job');
    expect((await cluster.api.job(outputs['job'] ?? '')).labels).toEqual({ team: 'a', step: '1' });
  });

  test('keeps what a job says from being commands to the runner', async () => {
    const { log } = await step({ prompt: script({ text: '::add-mask::everything' }) });
    const [, mark = ''] = /^::stop-commands::(\S+)$/m.exec(log) ?? [];
    const [before = ''] = log.split(`::${mark}::`);
    expect(mark).toHaveLength(36);
    expect(before).toContain('::add-mask::everything');
    expect(log.slice(before.length)).not.toContain('everything');
  });

  test('fails with the job, and says why', async () => {
    const failing = await step({ prompt: script({ error: { status: 400, message: 'No.' } }) });
    expect([failing.code, failing.outputs['state']]).toEqual([1, 'failed']);
    expect(failing.log).toContain(failing.outputs['failure'] ?? 'no failure');
    const wrong = await step({ prompt: 'x', budget: 'much' });
    expect([wrong.code, wrong.log]).toEqual([2, '::error::The input "budget" must be a number.\n']);
  });

  test('applies the patch to the checkout, or pushes it to a branch', async () => {
    await using origin = await serveRepository({ 'a.txt': 'old\n' });
    const git = (cwd: string, ...args: string[]) => execFileSync('git', args, { cwd, encoding: 'utf8' }).trim();
    const checkout = async (): Promise<string> => {
      const here = await origin.clone();
      git(here, 'remote', 'set-url', 'origin', origin.url);
      git(here, 'remote', 'set-url', '--push', 'origin', origin.folder);
      return here;
    };
    const applied = await checkout();
    expect((await step({ prompt: changes, apply: 'true' }, applied)).code).toBe(0);
    expect(await readFile(join(applied, 'a.txt'), 'utf8')).toBe('new\n');

    const pushed = await checkout();
    const { code, log, outputs } = await step({ prompt: changes, push: 'remuda/change', message: 'Change a' }, pushed);
    expect([code, log]).toEqual([0, expect.stringContaining('It was pushed to remuda/change.') as string]);
    expect(outputs).toMatchObject({ branch: 'remuda/change', commit: git(pushed, 'rev-parse', 'HEAD') });
    expect(git(origin.folder, 'log', '-1', '--format=%s %an', 'remuda/change')).toBe('Change a github-actions[bot]');
    expect(git(origin.folder, 'show', 'remuda/change:a.txt')).toBe('new');

    const other = await checkout();
    git(other, '-c', 'user.name=x', '-c', 'user.email=x@x', 'commit', '--allow-empty', '-qm', 'elsewhere');
    git(other, 'push', '-q', 'origin', 'HEAD:refs/heads/taken');
    const refused = await step({ prompt: changes, push: 'taken' }, await checkout());
    expect([refused.code, refused.log]).toEqual([1, expect.stringContaining('could not be pushed to taken') as string]);
    expect(git(origin.folder, 'log', '-1', '--format=%s', 'taken')).toBe('elsewhere');
  });

  test('has the service push the commits and open a pull request, and fails where that cannot be', async () => {
    service.keeps('github');
    const checkout = join(folder, 'checkout');
    await promisify(execFile)('git', ['clone', '-q', server.url, checkout]);
    const inputs = {
      prompt: changes,
      push: 'remuda/pulled',
      'push-credential': 'PUSH_TEAM',
      'pull-request': 'Change a',
    };
    const { code, log, outputs } = await step(inputs, checkout);
    expect([code, log]).toEqual([0, expect.stringContaining('→ remuda/pulled: https://host.example/1') as string]);
    const pulled = { branch: 'remuda/pulled', commit: server.git('rev-parse', 'remuda/pulled') };
    expect(outputs).toMatchObject({ ...pulled, 'pull-request': 'https://host.example/1' });
    expect(service.came.at(-1)?.body).toMatchObject({ head: 'remuda/pulled', base: 'main', title: 'Change a' });
    expect(await readFile(join(checkout, 'a.txt'), 'utf8')).toBe('old\n');

    service.answer = (_came, response) => void response.writeHead(403).end();
    const closed = await step({ ...inputs, push: 'remuda/closed' }, checkout);
    expect([closed.code, closed.log]).toEqual([
      1,
      expect.stringContaining('::error::No pull request was opened') as string,
    ]);
    expect(closed.outputs['branch']).toBe('remuda/closed');
    const taken = await step({ ...inputs, push: 'main' }, checkout);
    expect([taken.code, taken.log]).toEqual([2, expect.stringContaining('git.push.branch is the ref') as string]);
    const wrong = await step({ prompt: 'x', 'pull-request': 'true' });
    expect([wrong.code, wrong.log]).toEqual([2, expect.stringContaining('needs "push-credential"') as string]);
  });
});
