import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { script } from '@remuda/scripted-model';
import { expect, test, vi } from 'vitest';
import { startChannelWorker, startChannelWorkerIn, type ChannelWorker } from './channel-worker.js';

const sh = (command: string, cwd: string) => promisify(execFile)('sh', ['-c', command], { cwd });

interface Said {
  readonly kind: string;
  readonly job?: string;
  readonly outcome?: { readonly kind: string; readonly result: { readonly text: string } };
}

/** What a worker says through its pipe, as a person reads it. */
async function reader({ folder }: ChannelWorker) {
  const cat = spawn('cat', [join(folder, 'cc-bridge.out.fifo')], { stdio: ['ignore', 'pipe', 'ignore'] });
  const lines = createInterface({ input: cat.stdout })[Symbol.asyncIterator]();
  await once(cat, 'spawn');
  const outcome = async (): Promise<Said> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done === true) throw new Error('the pipe has ended');
      const said = JSON.parse(value) as Said;
      if (said.kind === 'outcome') return said;
    }
  };
  return { outcome, ended: once(cat, 'exit') };
}

const answered = (worker: ChannelWorker, id: string) =>
  vi.waitFor(async () => JSON.parse(await readFile(join(worker.folder, 'responses', `${id}.json`), 'utf8')) as Said, {
    timeout: 60_000,
    interval: 20,
  });

test('by pipes: a shell asks, the conversation goes on, and the key is nowhere where a job could read it', async () => {
  await using worker = await startChannelWorker('--channel', 'fifo');
  await worker.idle();
  const { outcome, ended } = await reader(worker);
  const ask = (prompt: string) =>
    sh(
      `printf '%s\\n' "$PROMPT" > cc-bridge.in.fifo`.replace('$PROMPT', () => `$(cat prompt.json)`),
      worker.folder,
    ).then(() => prompt);
  const say = async (prompt: string) => {
    await writeFile(join(worker.folder, 'prompt.json'), JSON.stringify({ prompt }));
    await ask(prompt);
  };
  await say(`remember: walrus ${script({ text: 'yes; $(done)' })}`);
  expect(await outcome()).toMatchObject({ outcome: { kind: 'succeeded', result: { text: 'yes; $(done)' } } });
  const look = `env; tr '\\0' '\\n' < /proc/$PPID/environ`;
  await say(script({ tools: [{ name: 'Bash', input: { command: look } }] }, { text: 'looked' }));
  expect(await outcome()).toMatchObject({ outcome: { kind: 'succeeded' } });
  expect(JSON.stringify(worker.model.lastMain)).toContain('walrus');
  expect(JSON.stringify(worker.model.lastMain)).toContain('PATH=');
  expect(JSON.stringify(worker.model.requests.map(({ body }) => body))).not.toContain('sk-of-the-owner');
  const keys = worker.model.requests
    .filter(({ kind }) => kind === 'messages')
    .map(({ headers }) => headers['x-api-key']);
  expect(new Set(keys)).toEqual(new Set(['sk-of-the-owner']));
  await worker.stop();
  await ended;
  expect(await worker.exited).toBe(0);
  expect((await readdir(worker.folder)).sort()).toEqual(['cc-bridge.session', 'prompt.json']);
});

test('by files: a request is answered under its name, and health is an exit code', async () => {
  await using worker = await startChannelWorker('--channel', 'files');
  await worker.idle();
  await sh(`printf '%s' '{"prompt":"say hi"}' > requests/.1 && mv requests/.1 requests/1.json`, worker.folder);
  expect(await answered(worker, '1')).toMatchObject({ job: '1', outcome: { result: { text: 'ok: say hi' } } });
  expect(await readdir(join(worker.folder, 'responses'))).toEqual(['1.json']);
  const check = ['--channel', 'files', '--folder', worker.folder, '--check'];
  expect(await worker.run(...check)).toMatchObject({
    code: 0,
    out: expect.stringContaining('"phase":"idle"') as string,
  });
  await worker.stop();
  expect(await worker.run(...check)).toMatchObject({ code: 1, out: expect.stringContaining('no worker') as string });
});

const ask = (worker: ChannelWorker, id: string, prompt: string) =>
  writeFile(join(worker.folder, 'requests', `${id}.json`), JSON.stringify({ prompt }));

/** Kills the worker's Claude Code, as a machine without memory does. */
async function killClaude({ pid }: ChannelWorker): Promise<void> {
  const { stdout } = await promisify(execFile)('pgrep', ['-P', String(pid), '-x', 'claude']);
  for (const one of stdout.trim().split('\n')) process.kill(Number(one), 'SIGKILL');
}

test('a Claude Code that is killed between two prompts is started again, and the conversation goes on', async () => {
  await using worker = await startChannelWorker('--channel', 'files');
  await worker.idle();
  await ask(worker, '1', `remember: walrus ${script({ text: 'ok' })}`);
  await answered(worker, '1');
  await worker.idle();
  await killClaude(worker);
  await vi.waitFor(() => expect(worker.log()).toContain('Claude Code has ended and is started again'), 20_000);
  for (const id of ['2', '3']) {
    await ask(worker, id, `and now? ${id}`);
    expect(await answered(worker, id)).toMatchObject({ outcome: { kind: 'succeeded' } });
    expect(JSON.stringify(worker.model.lastMain)).toContain('walrus');
  }
  expect(JSON.stringify(worker.model.lastMain)).toContain('and now? 2');
});

test('a worker that is started again goes on with the conversation', async () => {
  await using worker = await startChannelWorker('--channel', 'files');
  await worker.idle();
  await ask(worker, '1', `remember: walrus ${script({ text: 'ok' })}`);
  await answered(worker, '1');
  await worker.idle();
  await worker.restart();
  await worker.idle();
  await ask(worker, '2', 'and now?');
  expect(await answered(worker, '2')).toMatchObject({ outcome: { kind: 'succeeded' } });
  expect(JSON.stringify(worker.model.lastMain)).toContain('walrus');
});

test('with `fresh` no prompt knows of another one, but its files are there', async () => {
  await using worker = await startChannelWorker('--channel', 'files', '--conversation', 'fresh');
  await worker.idle();
  const write = { name: 'Bash', input: { command: 'echo kept > file' } };
  await ask(worker, '1', `remember: tiger ${script({ tools: [write] }, { text: 'ok' })}`);
  await answered(worker, '1');
  await ask(worker, '2', 'and now?');
  await answered(worker, '2');
  expect(JSON.stringify(worker.model.lastMain)).not.toContain('tiger');
  expect(await readFile(join(worker.workspace, 'file'), 'utf8')).toBe('kept\n');
});

test.each([
  [['--channel', 'smoke'], 'REMUDA_CHANNEL: expected one of redis, fifo, files'],
  [['--chanel', 'fifo'], "Unknown option '--chanel'"],
  [['--channel', 'fifo', '--name', '../x'], 'REMUDA_CHANNEL_NAME: expected 1 to 64'],
  [['--channel', 'redis', '--attach-only'], '--attach-only needs --channel fifo or files'],
  [['--channel', 'fifo', '--attach-only', '--model', 'x'], '--model cannot be combined with --attach-only'],
  [['--channel', 'fifo', '--attach-only', '--', '--verbose-x'], '-- cannot be combined with --attach-only'],
  [['--channel', 'fifo', '--', '--resume=x'], '--resume cannot be given to Claude Code behind the --'],
])('the command line %j is refused with its reason, as a fault of the configuration', async (args, reason) => {
  await using worker = await startChannelWorker(...args);
  expect(await worker.exited).toBe(78);
  expect(worker.log()).toContain(reason);
});

test("a person's own home is refused before anything is written there", async () => {
  const home = await mkdtemp(join(tmpdir(), 'remuda-own-home-'));
  await using worker = await startChannelWorkerIn({ HOME: home, REMUDA_HOME: `${home}/.` }, '--channel', 'fifo');
  expect(await worker.exited).toBe(78);
  expect(worker.log()).toContain('REMUDA_HOME is your own home');
  expect(await readdir(home)).toEqual([]);
  await rm(home, { recursive: true });
});
