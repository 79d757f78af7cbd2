import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Header, Pax } from 'tar';
import { afterAll, describe, expect, test } from 'vitest';
import { ZipFile } from 'yazl';
import { repack, type PackTally } from './repack.js';

const folder = mkdtempSync(join(tmpdir(), 'remuda-pack-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const limits = { maxEntries: 1_000, maxBytes: 1_000_000 };

/** Repacks; resolves with the archive. In chunks that end anywhere. */
async function repacked(pack: Buffer, tally: PackTally = { files: 0, bytes: 0 }, its = limits): Promise<Buffer> {
  async function* read(from: number, bytes: number): AsyncGenerator<Uint8Array> {
    const size = pack.length > 1_000_000 ? 65_536 : 700;
    for (let at = from; at < from + bytes; at += size)
      yield await Promise.resolve(pack.subarray(at, Math.min(at + size, from + bytes)));
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of repack({ bytes: pack.length, read }, its, tally)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** What tar sees in an archive of ours. */
function listed(pack: Buffer): string[] {
  return execFileSync('tar', ['-tvzf', '-'], { input: pack })
    .toString()
    .trim()
    .split('\n')
    .map((line) => line.replace(/^(\S+).* (\S+)$/, '$1 $2'));
}

/** A folder with a file, an executable, an empty folder and a long name. */
function makeTree(name: string): string {
  const root = join(folder, name);
  mkdirSync(join(root, 'src', 'empty'), { recursive: true });
  mkdirSync(join(root, 'd'.repeat(120)));
  writeFileSync(join(root, 'src', 'a.txt'), 'a'.repeat(1_000));
  writeFileSync(join(root, 'run'), 'x', { mode: 0o755 });
  writeFileSync(join(root, 'd'.repeat(120), 'é'.repeat(60)), 'long');
  return root;
}

const tarOf = (root: string, ...args: string[]): Buffer =>
  execFileSync('tar', ['-C', root, ...args, '-cf', '-', '.'], { maxBuffer: 10_000_000 });

const wanted = (root: string) => ({ files: 3, bytes: 1_000 + 1 + 4, root });

/** One entry of a hostile archive. */
function entry(data: ConstructorParameters<typeof Header>[0], content = Buffer.alloc(0)): Buffer {
  const block = Buffer.alloc(512);
  new Header({ mode: 0o644, size: content.length, ...(data as object) }).encode(block);
  return Buffer.concat([block, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

async function bytesOf(zip: ZipFile): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const ended = (...parts: Buffer[]): Buffer => Buffer.concat([...parts, Buffer.alloc(1_024)]);

describe('what is packed as', () => {
  test.each([
    ['tar', []],
    ['tar of pax', ['--format=pax']],
    ['tar.gz', ['-z']],
  ])('%s is unpacked again as it was, and belongs to nobody', async (name, args) => {
    const root = makeTree(name);
    const tally = { files: 0, bytes: 0 };
    const pack = await repacked(tarOf(root, ...args), tally);
    const { files, bytes } = wanted(root);
    expect(tally).toEqual({ files, bytes });
    const out = join(folder, `${name}-out`);
    mkdirSync(out);
    execFileSync('tar', ['-xzf', '-', '-C', out], { input: pack });
    for (const path of ['src/a.txt', 'run', `${'d'.repeat(120)}/${'é'.repeat(60)}`])
      expect(readFileSync(join(out, path))).toEqual(readFileSync(join(root, path)));
    expect(listed(pack)).toContain('-rwxr-xr-x run');
    expect(execFileSync('tar', ['-tvzf', '-', '--numeric-owner'], { input: pack }).toString()).not.toMatch(
      / [1-9]\d*\//,
    );
  });

  test('zip as well', async () => {
    const zip = new ZipFile();
    zip.addBuffer(Buffer.from('a'.repeat(5_000)), 'src/a.txt');
    zip.addBuffer(Buffer.from('x'), 'run', { mode: 0o100755, compress: false });
    zip.addEmptyDirectory('empty');
    zip.end();
    const tally = { files: 0, bytes: 0 };
    const pack = await repacked(await bytesOf(zip), tally);
    expect(tally).toEqual({ files: 2, bytes: 5_001 });
    expect(listed(pack)).toEqual(['-rw-r--r-- src/a.txt', '-rwxr-xr-x run', 'drwxr-xr-x empty/']);
  });
});

describe('refused is', () => {
  const file = Buffer.from('content');
  test.each<[string, Buffer, RegExp]>([
    ['a path with ..', ended(entry({ path: '../x', type: 'File' }, file)), /no path within/],
    ['one in the middle', ended(entry({ path: 'a/../../x', type: 'File' }, file)), /no path within/],
    ['an absolute path', ended(entry({ path: '/etc/cron.d/x', type: 'File' }, file)), /no path within/],
    ['a symbolic link', ended(entry({ path: 'a', type: 'SymbolicLink', linkpath: '/etc' })), /is a link/],
    ['a hard link', ended(entry({ path: 'a', type: 'Link', linkpath: 'b' })), /is a link/],
    ['a device', ended(entry({ path: 'a', type: 'BlockDevice', devmaj: 8, devmin: 0 })), /is a device/],
    ['a pipe', ended(entry({ path: 'a', type: 'FIFO' })), /is a device/],
    [
      'a file twice',
      ended(entry({ path: 'a', type: 'File' }, file), entry({ path: './a', type: 'File' }, file)),
      /twice/,
    ],
    [
      'a broken header',
      ended(Buffer.concat([entry({ path: 'a', type: 'File' }, file).fill(0x41, 148, 152)])),
      /refused/,
    ],
    [
      'one that ends within a file',
      entry({ path: 'a', type: 'File' }, Buffer.alloc(5_000)).subarray(0, 2_000),
      /refused/,
    ],
    ['what is no archive', Buffer.from('hello'.repeat(1_000)), /neither tar, tar.gz nor zip/],
    ['an empty tar', Buffer.alloc(10_240), /refused/],
    ['nothing at all', Buffer.alloc(0), /neither|refused/],
    ['packed text', gzipSync(Buffer.from('hello'.repeat(1_000))), /no tar/],
    [
      'a broken gzip',
      gzipSync(ended(entry({ path: 'a', type: 'File' }, file))).subarray(0, 60),
      /compression is broken/,
    ],
    ['a broken zip', Buffer.from('PK\u0003\u0004 and more'), /refused/],
    [
      'a pax header that says another path',
      ended(new Pax({ path: '../../x' }).encode(), entry({ path: 'a', type: 'File' }, file)),
      /no path within/,
    ],
  ])('%s', async (_, pack, why) => {
    const fault = repacked(pack);
    await expect(fault).rejects.toThrow(why);
    await expect(fault).rejects.toMatchObject({ code: 'upload.invalid' });
  });

  test('a bomb: a little that unpacks to a lot, of files or of headers', async () => {
    const bomb = gzipSync(ended(entry({ path: 'a', type: 'File' }, Buffer.alloc(50_000_000))));
    expect(bomb.length).toBeLessThan(100_000);
    await expect(repacked(bomb)).rejects.toThrow(/unpacks to more than/);
    const headers = gzipSync(Buffer.concat(Array<Buffer>(1_100).fill(entry({ path: 'a', type: 'Directory' }))));
    await expect(repacked(headers)).rejects.toThrow(/more than 1000 files and folders/);
    const attributes = Buffer.alloc(20_000_000, 0x61);
    const meta = gzipSync(
      ended(entry({ path: 'x', type: 'ExtendedHeader' }, attributes), entry({ path: 'a', type: 'File' })),
    );
    await expect(repacked(meta)).rejects.toMatchObject({ code: 'upload.invalid' });
  });

  test('a zip whose file is larger than it says, or a link', async () => {
    const zip = new ZipFile();
    zip.addBuffer(Buffer.alloc(3_000_000), 'a');
    zip.end();
    const large = await bytesOf(zip);
    await expect(repacked(large)).rejects.toThrow(/unpacks to more than/);
    const at = large.lastIndexOf('PK\u0001\u0002');
    large.writeUInt32LE(10, at + 24);
    await expect(repacked(large)).rejects.toMatchObject({ code: 'upload.invalid' });
    const links = new ZipFile();
    links.addBuffer(Buffer.from('/etc'), 'a', { mode: 0o120777 });
    links.end();
    await expect(repacked(await bytesOf(links))).rejects.toThrow(/is a link/);
  });

  test('100,000 files', async () => {
    const many = Buffer.concat(
      Array.from({ length: 100_000 }, (_, i) => entry({ path: `f-${String(i)}`, type: 'File' })),
    );
    await expect(repacked(many, undefined, { ...limits, maxEntries: 5_000 })).rejects.toThrow(/more than 5000/);
  });

  test('a tree with a link in it, with what to do', async () => {
    const root = makeTree('linked');
    symlinkSync('src/a.txt', join(root, 'b.txt'));
    await expect(repacked(tarOf(root))).rejects.toThrow(
      /[ab].txt" is a link: pack what it leads to instead \(tar -h --hard-dereference\)/,
    );
    expect(listed(await repacked(tarOf(root, '-h', '--hard-dereference')))).toContain('-rw-r--r-- b.txt');
    expect(readFileSync(join(root, 'b.txt'), 'utf8')).toHaveLength(1_000);
  });
});

test('a fault of whoever reads is passed on as it is', async () => {
  const cut = new Error('cut');
  async function* read(from: number, bytes: number): AsyncGenerator<Uint8Array> {
    if (bytes <= 512) yield await Promise.resolve(entry({ path: 'a', type: 'File' }).subarray(from, 512));
    else throw cut;
  }
  const reading = async (): Promise<void> => {
    for await (const chunk of repack({ bytes: 5_000, read }, limits, { files: 0, bytes: 0 }))
      expect(chunk).toBeDefined();
  };
  await expect(reading()).rejects.toBe(cut);
});
