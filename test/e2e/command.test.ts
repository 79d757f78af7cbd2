import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { script } from '@remuda/scripted-model';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { freePort } from '../../apps/local/src/cluster/free-port.js';
import { hasEngine, startCluster, type TestCluster } from './harness/cluster.js';
import { CommandRun, ended, type CommandPlace } from './harness/command-run.js';
import { serveRepository } from './harness/git-server.js';

/** Where a command runs, and what it is told. */
type Place = Partial<Omit<CommandPlace, 'home'>>;

let cluster: TestCluster;
let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'remuda-home-'));
  cluster = await startCluster({ runtime: 'process', warm: 2 });
});
afterAll(async () => {
  await cluster.stop();
  await rm(home, { recursive: true });
});

const started = (args: readonly string[], { cwd = home, url = cluster.apiUrl, stdin = '' }: Place = {}): CommandRun =>
  new CommandRun(args, { home, cwd, url, stdin });
const command = async (args: readonly string[], place?: Place) => ended(started(args, place));
const changes = (text: string): string =>
  script(
    { tools: [{ name: 'Bash', input: { command: `echo ${text} > a.txt`, description: 'a change' } }] },
    { text: 'changed' },
  );

describe('remuda run', () => {
  test('shows what the job does, and prints what it says; its exit code is the outcome', async () => {
    const run = await command([
      'run',
      script(
        { tools: [{ name: 'Bash', input: { command: 'echo hello there', description: 'x' } }] },
        { text: 'All done.' },
      ),
    ]);
    expect([run.exit, run.err]).toEqual([0, expect.stringMatching(/^· j-[\s\S]*· succeeded · \$/) as string]);
    expect(run.out).toMatch(/● Bash echo hello there[\s\S]*⎿ hello there[\s\S]*All done\./);
  });

  test('prints one JSON object for a program, from a prompt by stdin', async () => {
    const run = await command(['run', '--json', '-'], { stdin: script({ text: 'for you' }) });
    expect(JSON.parse(run.out)).toMatchObject({ job: { state: 'succeeded' }, result: { text: 'for you' } });
    expect(run.err).toBe('');
  });

  test('applies the patch to the working copy here', async () => {
    await using origin = await serveRepository({ 'a.txt': 'old\n' });
    const here = await origin.clone();
    execFileSync('git', ['remote', 'set-url', 'origin', origin.url], { cwd: here });
    const run = await command(['run', '--apply', changes('new')], { cwd: here });
    expect([run.exit, run.err]).toEqual([0, expect.stringContaining('The patch was applied') as string]);
    expect(await readFile(join(here, 'a.txt'), 'utf8')).toBe('new\n');
  });

  test('changes nothing where the patch does not fit, and says so', async () => {
    await using origin = await serveRepository({ 'a.txt': 'old\n' });
    const here = await origin.clone();
    execFileSync('git', ['remote', 'set-url', 'origin', origin.url], { cwd: here });
    await writeFile(join(here, 'a.txt'), 'something else\n');
    const run = await command(['run', '--apply', changes('new')], { cwd: here });
    expect([run.exit, run.err]).toEqual([
      1,
      expect.stringMatching(/does not fit.*nothing was changed\.\nerror: .*a\.txt/) as string,
    ]);
    expect(await readFile(join(here, 'a.txt'), 'utf8')).toBe('something else\n');
  });

  test('cancels its job at Ctrl-C', async () => {
    const run = started([
      'run',
      script({ tools: [{ name: 'Bash', input: { command: 'sleep 60', description: 'x' } }] }),
    ]);
    await vi.waitUntil(() => run.out.includes('sleep 60'), { timeout: 60_000 });
    run.interrupt();
    expect(await run.code, run.err).toBe(130);
    const id = /j-[0-9a-f-]+/.exec(run.err)?.[0] ?? '';
    expect(await cluster.api.job(id)).toMatchObject({ state: 'cancelled' });
  });

  test('says what the api refuses, and where the api is not', async () => {
    const refused = await command(['run', '--priority', '77', 'x']);
    expect([refused.exit, refused.err]).toEqual([
      2,
      expect.stringContaining('remuda: priority must be an integer from 1 to 10') as string,
    ]);
    const url = `http://127.0.0.1:${await freePort()}`;
    const away = await command(['run', 'x'], { url });
    expect([away.exit, away.err]).toEqual([
      69,
      expect.stringMatching(/^remuda: No answer from http:.*ECONNREFUSED/) as string,
    ]);
    const none = await command(['run']);
    expect([none.exit, none.err]).toEqual([2, expect.stringContaining('There is no prompt') as string]);
  });
});

test('a job begins with a folder, and what it leaves is fetched', async () => {
  const here = join(home, 'project');
  await mkdir(here);
  await writeFile(join(here, 'word.txt'), 'heron\n');
  const work = 'mkdir dist && tr a-z A-Z < word.txt > dist/word.txt';
  const prompt = script({ tools: [{ name: 'Bash', input: { command: work, description: 'x' } }] }, { text: 'built' });
  const run = await command(['run', '--upload', '.', '--artifact', 'dist/**', prompt], { cwd: here });
  expect([run.exit, run.err]).toEqual([0, expect.stringContaining('remuda artifacts j-') as string]);
  const id = /remuda artifacts (j-\S+)/.exec(run.err)?.[1] ?? '';
  expect((await command(['artifacts', id, '--out', 'left'], { cwd: here })).exit).toBe(0);
  expect(await readFile(join(here, 'left/dist/word.txt'), 'utf8')).toBe('HERON\n');
});

test('a job is submitted, listed, shown, followed from an event on, and cancelled', async () => {
  const { out } = await command(['submit', '--label', 'team=a', script({ text: 'first' })]);
  const id = out.trim();
  const followed = await command(['follow', '--json', '--after', '1', id]);
  const events = followed.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: number; type: string });
  expect([events[0]?.id, events.at(-1)?.type]).toEqual([2, 'job.over']);
  expect((await command(['ls', '--label', 'team:a'])).out).toMatch(
    new RegExp(`^ID +STATE.*\n${id} +succeeded +default`),
  );
  expect((await command(['show', id])).out).toMatch(/state +succeeded[\s\S]*text +first/);
  const over = await command(['cancel', id]);
  expect([over.exit, over.err]).toEqual([1, expect.stringContaining(id) as string]);
  expect((await command(['show', 'j-none'])).exit).toBe(2);
});

test('the fleet is shown: pools and workers', async () => {
  expect((await command(['pools'])).out).toMatch(/^PROFILE +WARM +IDLE.*\ndefault /);
  expect((await command(['workers'])).out).toMatch(/^ID +PROFILE +PHASE/);
});

describe('remuda batch', () => {
  test('submits nothing where a line is wrong, and names each with its number', async () => {
    const file = join(home, 'wrong.jsonl');
    await writeFile(file, '"fine"\n{"prompt": "x", "priorty": 1}\n{"prompt": 7}\nnot json\n');
    const run = await command(['batch', file]);
    expect(run.exit).toBe(2);
    expect(run.err).toMatch(
      /Nothing was submitted:\n {2}line 2: priorty is no field of a job\n {2}line 3: prompt must be string\n {2}line 4: is not JSON/,
    );
    expect((await command(['ls', '--label', 'remuda/batch:x'])).err).toContain('There are no such jobs.');
  });
});

describe('remuda doctor', () => {
  test('finds a cluster well, and says what to do where there is none', async () => {
    const fine = await command(['doctor']);
    expect([fine.exit, fine.out]).toEqual([
      0,
      expect.stringMatching(/✓ api: .* answers\n✓ pool default: \d+ idle/) as string,
    ]);
    const url = `http://127.0.0.1:${await freePort()}`;
    const away = await command(['doctor', '--json'], { url });
    const found = JSON.parse(away.out) as readonly { check: string; ok: boolean; cure?: string }[];
    expect(away.exit).toBe(1);
    expect(found.find(({ check }) => check === 'api')).toMatchObject({
      ok: false,
      cure: expect.stringContaining('up'),
    });
  });

  test.skipIf(!hasEngine)('finds the image of workers well, and another one not', async () => {
    const ours = await command(['doctor', 'image', 'remuda-worker:latest']);
    expect([ours.exit, ours.out]).toEqual([0, expect.stringMatching(/✓ Claude Code: .*\n✓ workspace: /) as string]);
    expect(ours.out).not.toMatch(/[✗!]/);
    const other = await command(['doctor', 'image', 'debian:bookworm-slim']);
    expect(other.exit).toBe(1);
    expect(other.out).toMatch(
      /✗ entry point: none[\s\S]*✗ worker: [\s\S]*✗ user: user 1000 is ''[\s\S]*✗ Claude Code: /,
    );
    const none = await command(['doctor', 'image', 'no-such-image']);
    expect([none.exit, none.out]).toEqual([1, expect.stringContaining('docker pull no-such-image') as string]);
  });
});

test('remuda top shows one page where there is no terminal', async () => {
  const shown = await command(['top']);
  expect([shown.exit, shown.err]).toEqual([0, '']);
  expect(shown.out).toMatch(/^remuda · http.* workers · 0 jobs running[\s\S]*PROFILE[\s\S]*default/);
});

test('remuda completion completes commands, options and states', async () => {
  for (const [shell, told] of [
    ['bash', 'complete -F'],
    ['zsh', '#compdef remuda'],
    ['fish', 'complete -c remuda'],
  ] as const)
    expect((await command(['completion', shell])).out).toContain(told);
  const completed = async (...args: readonly string[]) => (await command(['complete', '--', ...args])).out;
  expect(await completed('re')).toMatch(/^redrive\b[\s\S]*^resume\b/m);
  expect(await completed('run', '--bu')).toMatch(/^--budget\b/m);
  expect(await completed('ls', '--state', '')).toMatch(/^queued\b[\s\S]*^cancelled\b/m);
});
