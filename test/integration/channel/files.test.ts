import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ChannelLine, FileChannel, type FileOptions } from '@remuda/channel';
import type { Assignment } from '@remuda/domain';
import { systemClock } from '@remuda/runtime';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

const sh = (command: string, cwd: string) => promisify(execFile)('sh', ['-c', command], { cwd });

let folder: string;
const opened: (() => Promise<void>)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'remuda-files-'));
});
afterEach(async () => {
  for (const close of opened.splice(0)) await close();
  await rm(folder, { recursive: true });
});

const options = (more: Partial<FileOptions> = {}): FileOptions => ({
  ...{ folder, name: 'w-1', clock: systemClock },
  ...more,
});
const outcome = (text: string) => ({ kind: 'failed', failure: { code: 'internal', message: text } }) as const;

/** A worker that answers each prompt by its text, and what it has carried out. */
async function answering(more: Partial<FileOptions> = {}, hold: (job: Assignment) => Promise<void> = async () => {}) {
  const channel = await FileChannel.worker(options(more));
  const defaults = { profile: 'default', timeoutMs: 60_000, newId: () => 'j-new' };
  const line = new ChannelLine(
    ...([channel, defaults, systemClock] as const),
    () => undefined,
    (kind) => kind === 'outcome',
  );
  const done: string[] = [];
  line.open({
    carryOut: async (assignment) => {
      await hold(assignment);
      const { job, lease, spec } = assignment;
      done.push(job);
      void line.say({ kind: 'outcome', job, lease, outcome: outcome(`did ${spec.prompt}`) });
    },
    refuse: () => Promise.resolve(),
    onControl: () => undefined,
  });
  opened.push(() => line.close());
  return { done, line };
}

/** The answer to a request, once it is there. */
const answerTo = (id: string) =>
  vi.waitFor(async () => JSON.parse(await readFile(join(folder, 'responses', `${id}.json`), 'utf8')) as object, {
    timeout: 20_000,
    interval: 10,
  });
const refused = (id: string, reason: unknown) => ({ kind: 'refused', id, reason });

test('a shell writes a request, and finds the answer under its name', async () => {
  await answering();
  await sh(`printf '%s' '{"prompt":"a; $(b)"}' > requests/.42 && mv requests/.42 requests/42.json`, folder);
  expect(await answerTo('42')).toEqual({ kind: 'outcome', job: '42', lease: 1, outcome: outcome('did a; $(b)') });
  await vi.waitFor(async () => expect(await readdir(join(folder, 'taken', 'w-1'))).toEqual([]));
  expect(await readdir(join(folder, 'requests'))).toEqual([]);
});

test('folders and files are for owner and group, whatever the umask', async () => {
  const before = process.umask(0o077);
  try {
    await answering();
    const host = await FileChannel.host(options());
    opened.push(() => host.close());
    await host.send({ prompt: 'x', id: 'a' });
    await answerTo('a');
    const modeOf = async (name: string) => (await stat(join(folder, name))).mode & 0o7777;
    expect(await modeOf('responses/a.json')).toBe(0o660);
    expect(await modeOf('requests')).toBe(0o2770);
  } finally {
    process.umask(before);
  }
});

test('a request that a shell writes slowly in its place is read when it is whole', async () => {
  await answering();
  await sh(`(printf '{"prompt"'; sleep 0.1; printf ':"x"}') > requests/a.json`, folder);
  expect(await answerTo('a')).toMatchObject({ outcome: outcome('did x') });
});

test.each([
  ['half a message', (path: string) => writeFile(path, '{"prompt":"x'), 'the message is not JSON'],
  ['no UTF-8', (path: string) => writeFile(path, Buffer.from([0x22, 0xff, 0x22])), 'the message is not UTF-8'],
  ['too much', (path: string) => writeFile(path, ' '.repeat(2_000)), 'the message is larger than 1000 bytes'],
  ['a wrong type', (path: string) => writeFile(path, '[]'), 'a message must be a JSON object'],
  ['another id', (path: string) => writeFile(path, '{"prompt":"x","id":"b"}'), 'its id must be its name, odd'],
  ['a link', (path: string) => symlink('/etc/passwd', path), 'it is not a plain file'],
  ['a named pipe', (path: string) => sh(`mkfifo ${path}`, '/'), 'it is not a plain file'],
])('%s is refused under its name, and the next one is done', async (_, put, reason) => {
  const { done } = await answering({ maxBytes: 1_000 });
  await put(join(folder, 'requests', 'odd.json'));
  expect(await answerTo('odd')).toEqual(refused('odd', reason));
  await writeFile(join(folder, 'requests', 'next.json'), '{"prompt":"x"}');
  await answerTo('next');
  expect(done).toEqual(['next']);
  expect(await readdir(join(folder, 'requests'))).toEqual([]);
});

test('a folder in the place of a request is left alone', async () => {
  await answering();
  await mkdir(join(folder, 'requests', 'dir.json'));
  await writeFile(join(folder, 'requests', 'next.json'), '{"prompt":"x"}');
  await answerTo('next');
  expect(await readdir(join(folder, 'requests'))).toEqual(['dir.json']);
});

test('a request under the name of one that is under way is refused, and the answer is the first one', async () => {
  let letGo: () => void = () => undefined;
  await answering({}, () => new Promise((resolve) => (letGo = resolve)));
  const put = (prompt: string) => writeFile(join(folder, 'requests', 'a.json'), JSON.stringify({ prompt }));
  await put('one');
  await vi.waitFor(async () => expect(await readdir(join(folder, 'taken', 'w-1'))).toEqual(['a.json']));
  await put('two');
  const [name = ''] = await vi.waitFor(async () => {
    // one that is still written begins with a dot
    const names = (await readdir(join(folder, 'responses'))).filter((each) => !each.startsWith('.'));
    expect(names).toHaveLength(1);
    return names;
  });
  expect(await readFile(join(folder, 'responses', name), 'utf8')).toContain('a is waiting or under way already');
  letGo();
  expect(await answerTo('a')).toMatchObject({ outcome: outcome('did one') });
});

test('of two workers on one folder one takes each request', async () => {
  const both = [await answering(), await answering({ name: 'w-2' })];
  const ids = Array.from({ length: 100 }, (_, i) => `r${String(i)}`);
  const host = await FileChannel.host(options());
  opened.push(() => host.close());
  await Promise.all(ids.map((id) => host.send({ prompt: id, id })));
  await Promise.all(ids.map(answerTo));
  const done = both.flatMap((worker) => worker.done);
  expect([...done].sort()).toEqual([...ids].sort());
});

test('a request that its worker did not answer before it ended is answered by the next worker of that name', async () => {
  await mkdir(join(folder, 'taken', 'w-1'), { recursive: true });
  await writeFile(join(folder, 'taken', 'w-1', 'a.json'), '{"prompt":"x"}');
  await answering();
  expect(await answerTo('a')).toMatchObject({ outcome: { failure: { code: 'worker.lost' } } });
  expect(await readdir(join(folder, 'taken', 'w-1'))).toEqual([]);
});

test('what has waited too long is refused, and answers that nobody fetched are removed', async () => {
  await mkdir(join(folder, 'requests'), { recursive: true });
  await mkdir(join(folder, 'responses'));
  const old = async (name: string) => {
    await writeFile(join(folder, name), '{"prompt":"x"}');
    await utimes(join(folder, name), 1, 1);
  };
  await old('requests/a.json');
  await old('responses/b.json');
  await old('responses/.c.json.1.tmp');
  const { done } = await answering({ ttlMs: 5_000 });
  expect(await answerTo('a')).toEqual(refused('a', 'it has waited for more than 5000 ms'));
  expect(await readdir(join(folder, 'responses'))).toEqual(['a.json']);
  expect(done).toEqual([]);
});

test('while the disk is short, requests wait', async () => {
  const warnings: string[] = [];
  await answering({ minFreeBytes: Number.MAX_SAFE_INTEGER, onWarning: (message) => warnings.push(message) });
  await writeFile(join(folder, 'requests', 'a.json'), '{"prompt":"x"}');
  await vi.waitFor(() => expect(warnings.length).toBeGreaterThan(1), { timeout: 20_000 });
  expect(warnings[0]).toContain('requests wait');
  expect(await readdir(join(folder, 'requests'))).toEqual(['a.json']);
});

test('an answer that cannot be written is written once it can', async () => {
  await answering({}, async () => {
    await rm(join(folder, 'responses'), { recursive: true });
    setTimeout(() => void mkdir(join(folder, 'responses')).then(() => chmod(join(folder, 'responses'), 0o2770)), 500);
  });
  await writeFile(join(folder, 'requests', 'a.json'), '{"prompt":"x"}');
  expect(await answerTo('a')).toMatchObject({ outcome: outcome('did x') });
});

test('a host without a worker is told so, and one whose worker was killed too', async () => {
  await expect(FileChannel.host(options())).rejects.toMatchObject({ code: 'channel.unavailable' });
  await mkdir(join(folder, 'requests'), { recursive: true });
  await mkdir(join(folder, 'responses'));
  await mkdir(join(folder, 'workers'));
  await writeFile(join(folder, 'workers', 'w-1'), '');
  const host = await FileChannel.host(options());
  opened.push(() => host.close());
  await utimes(join(folder, 'workers', 'w-1'), 1, 1);
  expect(await host.arrivals()[Symbol.asyncIterator]().next()).toMatchObject({ done: true });
  await expect(host.send({ prompt: 'x' })).rejects.toMatchObject({ code: 'channel.unavailable' });
});
