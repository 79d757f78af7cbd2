import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { openBlobs } from '@remuda/blobs';
import { RemudaClient } from '@remuda/client';
import { artifactBlob, type Blobs } from '@remuda/domain';
import { redisKeys } from '@remuda/redis';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { makeOwnFolder } from '@remuda/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommand } from '../../../apps/cli/src/program.js';
import { packFolder } from '../../../apps/cli/src/upload/packed-folder.js';
import { startRedis, type TestRedis } from '../redis.js';
import { startApi, type RunningApi } from './running-api.js';

let folder: string;
let server: TestRedis;
let redis: RawConnection;
let api: RunningApi;
let blobs: Blobs;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'remuda-command-files-'));
  server = await startRedis();
  redis = connectRaw(server.url, { name: 'command-files-test' });
  const place = join(folder, 'blobs');
  api = await startApi(server.url, { env: { REMUDA_BLOBS_URL: pathToFileURL(place).href } });
  blobs = openBlobs({
    ...{ place: { kind: 'files', folder: place }, namespace: api.namespace, room: 'artifacts' },
    ...{ limits: { maxBytes: 1e6, maxTotalBytes: 1e6 }, makeFolder: (path) => makeOwnFolder(path, 0o700) },
  });
}, 60_000);
afterAll(async () => {
  await api.close();
  redis.disconnect();
  await server.close();
  await rm(folder, { recursive: true });
});

/** Runs the command in a folder. */
async function command(args: readonly string[], cwd = folder) {
  const told = { out: '', err: '' };
  const to = (name: 'out' | 'err') => ({
    write: (part: string | Uint8Array) => (told[name] += Buffer.from(part).toString()),
  });
  const env = { REMUDA_URL: api.url, HOME: folder };
  const leaving = new AbortController().signal;
  const exit = await runCommand(args, { env, cwd, stdout: to('out'), stderr: to('err'), leaving }, process.stdin);
  return { exit, ...told };
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}

const sha256 = (content: string): string => createHash('sha256').update(content).digest('hex');
const copy = { lease: 1, copy: '0'.repeat(16) };

/** A job, of which these files are kept as a bridge keeps them; the rest of the archive is left out. */
async function jobWith(files: Readonly<Record<string, string>>): Promise<string> {
  const { id } = (await api.send('POST', '/api/v1/jobs', { prompt: 'x', delayMs: 3_600_000 })).json;
  const archive = Object.values(files).join('');
  let from = 0;
  const list = JSON.stringify(
    Object.entries(files).map(([path, content]) => {
      from += content.length;
      return { path, bytes: content.length, sha256: sha256(content), from: from - content.length };
    }),
  );
  await blobs.put(artifactBlob.archive(id, copy), once(archive));
  await blobs.put(artifactBlob.list(id, copy), once(list));
  const counts = { files: Object.keys(files).length, bytes: archive.length };
  const kept = { at: 5e11, ...copy, ...counts, sha256: sha256(archive), listSha256: sha256(list) };
  await redis.hset(redisKeys(api.namespace).job(id), 'keptArtifacts', JSON.stringify(kept));
  return id;
}

describe('remuda artifacts', () => {
  const files = { 'dist/app.js': 'app', 'dist/deep/x.css': 'css', 'report.html': '<p>' };

  test('lists all, or what globs name as those of a job do', async () => {
    const id = await jobWith(files);
    const all = await command(['artifacts', id]);
    expect(all).toMatchObject({ exit: 0, err: '' });
    expect(all.out).toMatch(/^PATH +SIZE +SHA256\ndist\/app\.js +3 B +[0-9a-f]{64}\ndist\/deep.*\nreport\.html/);
    const named = async (...globs: readonly string[]) =>
      (JSON.parse((await command(['artifacts', '--json', id, ...globs])).out) as { path: string }[]).map(
        ({ path }) => path,
      );
    expect(await named('dist')).toEqual(['dist/app.js', 'dist/deep/x.css']);
    expect(await named('dist/*', '*.html')).toEqual(['dist/app.js', 'dist/deep/x.css', 'report.html']);
    expect(await named('**/*.css')).toEqual(['dist/deep/x.css']);
  });

  test('downloads one or all of them into a folder, or as a tar archive', async () => {
    const id = await jobWith(files);
    expect(await command(['artifacts', id, 'report.html', '--out', 'one'])).toMatchObject({ exit: 0 });
    expect(await readdir(join(folder, 'one'))).toEqual(['report.html']);
    await command(['artifacts', id, '--out', 'all']);
    for (const [path, content] of Object.entries(files))
      expect(await readFile(join(folder, 'all', path), 'utf8')).toBe(content);
    await command(['artifacts', id, '--tar', 'all.tar']);
    expect(await readFile(join(folder, 'all.tar'), 'utf8')).toBe('appcss<p>');
    expect((await command(['artifacts', id, '--tar', '-'])).out).toBe('appcss<p>');
  });

  test('leaves no file with another content than the list says, and none outside of the folder', async () => {
    const id = await jobWith({ a: 'one', b: 'two' });
    await writeFile(join(folder, 'blobs', api.namespace, 'artifacts', artifactBlob.archive(id, copy)), 'onexxx');
    const broken = await command(['artifacts', id, '--out', 'broken']);
    expect(broken.exit).not.toBe(0);
    expect(await readdir(join(folder, 'broken'))).toEqual(['a']);
    const outside = await command(['artifacts', await jobWith({ '../out.txt': 'x' }), '--out', 'inside']);
    expect(outside).toMatchObject({ exit: 1, err: expect.stringContaining('leads out of the folder') as string });
  });

  test('says so where there is none, and what cannot be combined', async () => {
    const id = await jobWith(files);
    expect(await command(['artifacts', id, 'none'])).toMatchObject({ exit: 1, out: '' });
    expect((await command(['artifacts', 'j-none'])).exit).toBe(2);
    expect(await command(['artifacts', id, 'x', '--tar', 'y'])).toMatchObject({
      exit: 2,
      err: expect.stringContaining('--tar is for all artifacts') as string,
    });
  });
});

describe('remuda submit --upload', () => {
  test('sends the files of a folder, with which the job begins', async () => {
    const project = join(folder, 'project');
    await mkdir(join(project, 'node_modules'), { recursive: true });
    for (const [name, content] of Object.entries({ '.gitignore': 'node_modules', 'a.txt': 'x', 'node_modules/b': 'y' }))
      await writeFile(join(project, name), content);
    const run = await command(
      ['submit', '--upload', '.', '--artifact', 'dist/**', '--artifact', 'r.html', 'x'],
      project,
    );
    expect(run).toMatchObject({ exit: 0, err: expect.stringContaining('sends 2 files') as string });
    const { json } = await api.send('GET', `/api/v1/jobs/${run.out.trim()}`);
    expect(json).toMatchObject({
      workspace: { kind: 'upload', upload: expect.stringMatching(/^u-/) as string },
      artifacts: ['dist/**', 'r.html'],
    });
    const again = await command(['submit', '--upload', project, 'y']);
    const { json: second } = await api.send('GET', `/api/v1/jobs/${again.out.trim()}`);
    expect(second).toMatchObject({ workspace: (json as unknown as { workspace: object }).workspace });
  });

  test('sends nothing where another option is wrong', async () => {
    for (const wrong of [['--repo', '.'], ['--apply'], ['--ref', 'x'], ['--schema', 'none.json']]) {
      const run = await command([wrong[0] === '--apply' ? 'run' : 'submit', '--upload', '.', ...wrong, 'x']);
      expect([run.exit, run.err]).toEqual([2, expect.not.stringContaining('sends') as string]);
    }
  });
});

describe('an upload by the client', () => {
  const archiveOf = (content: Buffer) => ({
    bytes: content.byteLength,
    sha256: createHash('sha256').update(content).digest('base64'),
    read: (from: number, to: number) => Promise.resolve(new Uint8Array(content.subarray(from, to))),
  });

  test('goes on where it broke off, and sends nothing twice', async () => {
    const random = await mkdtemp(join(folder, 'random-'));
    await writeFile(join(random, 'file'), randomBytes(2_500));
    await using archive = await packFolder(random);
    const total = archive.bytes;
    const sent: string[] = [];
    let breaks = 2;
    const client = new RemudaClient({
      url: api.url,
      fetch: async (input, init) => {
        const range = (input as Request).headers.get('content-range') ?? '';
        if (!range.includes('*') && sent.length > 1 && breaks-- > 0) throw new TypeError('terminated');
        if (!range.includes('*')) sent.push(range);
        return fetch(input, init);
      },
    });
    const [progress, retries]: [number[], string[]] = [[], []];
    const upload = await client.files.upload(archive, {
      partBytes: 1_024,
      onProgress: (received) => progress.push(received),
      onRetry: ({ message }) => retries.push(message),
    });
    expect(upload).toMatchObject({ state: 'complete', files: 1 });
    expect(sent).toEqual(
      ['0-1023', '1024-2047', `2048-${String(total - 1)}`].map((part) => `bytes ${part}/${String(total)}`),
    );
    expect(progress).toEqual([0, 1_024, 2_048, 2_048, 2_048, total]);
    expect(retries).toHaveLength(2);
    const known: number[] = [];
    expect(await client.files.upload(archive, { onProgress: (n) => known.push(n) })).toEqual(upload);
    expect([sent.length, known]).toEqual([3, [total]]);
  });

  test('that is no archive is refused at once', async () => {
    const client = new RemudaClient({ url: api.url });
    await expect(client.files.upload(archiveOf(Buffer.from('no archive')))).rejects.toMatchObject({
      code: 'upload.invalid',
    });
  });

  test('is given up when the api was away for too long, or its caller leaves', async () => {
    const away = new RemudaClient({ url: api.url, fetch: () => Promise.reject(new TypeError('fetch failed')) });
    const archive = archiveOf(Buffer.from('x'));
    await expect(away.files.upload(archive, { giveUpMs: 0 })).rejects.toThrow('No answer from');
    const leaving = new AbortController();
    const given = away.files.upload(archive, {
      signal: leaving.signal,
      onRetry: () => leaving.abort(new Error('left')),
    });
    await expect(given).rejects.toThrow('left');
  });
});
