import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { NamedPipeChannel } from '@remuda/channel';
import type { Arrived } from '@remuda/domain';
import { systemClock } from '@remuda/runtime';
import { ManualClock } from '@remuda/testing';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

const sh = (command: string, cwd: string) => promisify(execFile)('sh', ['-c', command], { cwd });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'remuda-pipes-'));
});
afterEach(() => rm(folder, { recursive: true }));

const options = () => ({ folder, name: 'w-1', clock: systemClock });
const listen = (end: NamedPipeChannel): AsyncIterator<Arrived> => end.arrivals()[Symbol.asyncIterator]();
const heard = async (arrivals: AsyncIterator<Arrived>): Promise<Arrived> => (await arrivals.next()).value as Arrived;

test('a shell on the host speaks to a worker, one line at a time, and hears its answers', async () => {
  const worker = await NamedPipeChannel.worker(options());
  const arrivals = listen(worker);
  const answers = spawn('cat', ['w-1.out.fifo'], { cwd: folder });
  const heardAll = once(answers, 'exit');
  let said = '';
  answers.stdout.on('data', (data: Buffer) => (said += data.toString()));
  for (const prompt of ['one', 'two; $(x)']) {
    await sh(`printf '%s\\n' '{"prompt":"${prompt}"}' > w-1.in.fifo`, folder);
    expect(await heard(arrivals)).toEqual({ kind: 'message', value: { prompt } });
    await worker.send({ answer: prompt });
  }
  await worker.close();
  await heardAll;
  expect(said).toBe('{"answer":"one"}\n{"answer":"two; $(x)"}\n');
});

test('the pipes are for owner and group, kept where they are there, and removed at the close', async () => {
  await sh('mkfifo -m 0660 w-1.in.fifo', folder);
  const { ino } = await stat(join(folder, 'w-1.in.fifo'));
  const worker = await NamedPipeChannel.worker(options());
  const found = await stat(join(folder, 'w-1.in.fifo'));
  expect(found.ino).toBe(ino);
  const made = await stat(join(folder, 'w-1.out.fifo'));
  expect((made.mode & 0o777).toString(8)).toBe('660');
  await worker.close();
  expect(await readdir(folder)).toEqual([]);
});

test.each([
  ['a plain file', (path: string) => writeFile(path, '')],
  ['a link', (path: string) => symlink('/dev/null', path)],
])('%s in the place of a pipe is refused, and left as it is', async (_, put) => {
  await put(join(folder, 'w-1.in.fifo'));
  await expect(NamedPipeChannel.worker(options())).rejects.toMatchObject({ code: 'channel.invalid' });
  expect(await readdir(folder)).toContain('w-1.in.fifo');
});

test('a host finds out at once that there is no worker, with and without its pipes', async () => {
  await expect(NamedPipeChannel.host(options())).rejects.toMatchObject({ code: 'channel.unavailable' });
  await sh('mkfifo -m 0660 w-1.in.fifo w-1.out.fifo', folder);
  await expect(NamedPipeChannel.host(options())).rejects.toMatchObject({ code: 'channel.unavailable' });
});

test('a worker that is killed has left for its host, which removes the pipes', async () => {
  // Both pipes held open by another process, as a worker does it.
  await sh('mkfifo -m 0660 w-1.in.fifo w-1.out.fifo', folder);
  const other = spawn(
    'sh',
    ['-c', 'exec 3<>w-1.in.fifo 4<>w-1.out.fifo; echo \'{"a":1}\' >&4; printf half >&4; echo ready; exec sleep 60'],
    {
      cwd: folder,
    },
  );
  await once(other.stdout, 'data');
  const host = await NamedPipeChannel.host(options());
  const arrivals = listen(host);
  expect(await heard(arrivals)).toEqual({ kind: 'message', value: { a: 1 } });
  other.kill('SIGKILL');
  expect(await heard(arrivals)).toEqual({ kind: 'invalid', reason: 'the message has no end', bytes: 4 });
  expect(await arrivals.next()).toMatchObject({ done: true });
  expect(await readdir(folder)).toEqual([]);
  await host.close();
});

test('a full pipe holds its writer up, warns, and gives up in time; what was begun still arrives whole', async () => {
  const clock = new ManualClock();
  const onWarning = vi.fn<(message: string) => void>();
  const worker = await NamedPipeChannel.worker({ ...options(), clock, maxBytes: 400_000, timeoutMs: 1_000, onWarning });
  const large = 'x'.repeat(300_000);
  const sending = expect(worker.send(large)).rejects.toMatchObject({ code: 'channel.timed_out' });
  expect(onWarning).toHaveBeenCalledOnce();
  await expect(worker.send(large)).rejects.toMatchObject({ code: 'channel.unavailable' });
  await clock.advance(1_000);
  await sending;
  const host = await NamedPipeChannel.host({ ...options(), maxBytes: 400_000 });
  expect(await heard(listen(host))).toEqual({ kind: 'message', value: large });
  await host.close();
  await worker.close();
});

test('nonsense is named, and harms nothing that follows', async () => {
  const worker = await NamedPipeChannel.worker({ ...options(), maxBytes: 1_000 });
  const arrivals = listen(worker);
  await sh(`printf '{"half\\n' > w-1.in.fifo; printf '\\377\\376\\n' > w-1.in.fifo`, folder);
  const sent = sh(
    `head -c 100000000 /dev/zero | tr '\\0' x > w-1.in.fifo; printf '\\n{"id":1}\\n' > w-1.in.fifo`,
    folder,
  );
  const reasons = [await heard(arrivals), await heard(arrivals), await heard(arrivals)].map(
    (arrived) => arrived.kind === 'invalid' && arrived.reason,
  );
  await sent;
  expect(reasons).toEqual([
    'the message is not JSON',
    'the message is not UTF-8',
    'the message is larger than 1000 bytes',
  ]);
  expect(await heard(arrivals)).toEqual({ kind: 'message', value: { id: 1 } });
  await worker.close();
});

test('many that wait take no thread: files are read meanwhile', async () => {
  const names = Array.from({ length: 20 }, (_, i) => `w-${String(i)}`);
  const workers = await Promise.all(names.map((name) => NamedPipeChannel.worker({ ...options(), name })));
  const waiting = workers.map((worker) => listen(worker).next());
  expect(await readFile('/proc/self/comm', 'utf8')).not.toBe('');
  await Promise.all(workers.map((worker) => worker.close()));
  for (const end of await Promise.all(waiting)) expect(end.done).toBe(true);
});

test('opening and closing leaves no descriptor behind', async () => {
  const open = async (): Promise<number> => (await readdir('/proc/self/fd')).length;
  const worker = await NamedPipeChannel.worker(options());
  const before = await open();
  for (let i = 0; i < 10_000; i++) await (await NamedPipeChannel.host(options())).close();
  await vi.waitFor(async () => expect(await open()).toBe(before));
  await worker.close();
  await vi.waitFor(async () => expect(await open()).toBe(before - 2));
});
