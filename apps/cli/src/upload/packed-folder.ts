import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { create } from 'tar';
import type { Archive } from '@remuda/client';
import { pathsIn } from '../git/git.js';
import { reasonOf } from '../reason-of.js';
import { UsageError } from '../usage-error.js';

/** A folder's files as an archive in a file of its own, which goes with it. */
export interface PackedFolder extends Archive, AsyncDisposable {
  readonly files: number;
  /** Links and devices, which are not part of it: the api takes none. */
  readonly leftOut: readonly string[];
}

/**
 * Packs the files of a folder that git does not ignore. The same files make the same archive, byte for byte: so the api knows what
 * it has of it. Rejects with a UsageError where there is no file, or one cannot be read.
 */
export async function packFolder(folder: string): Promise<PackedFolder> {
  const { files, leftOut } = await filesIn(folder);
  if (files.length === 0) throw new UsageError(`${folder} has no files that git does not ignore.`);
  const temporary = await mkdtemp(join(tmpdir(), 'remuda-upload-'));
  const remove = (): Promise<void> => rm(temporary, { recursive: true, force: true });
  try {
    const file = join(temporary, 'files.tar.gz');
    await pack(folder, files, file);
    return {
      bytes: (await stat(file)).size,
      sha256: await digestOf(file),
      read: async (from, to) => new Uint8Array(await buffer(createReadStream(file, { start: from, end: to - 1 }))),
      files: files.length,
      leftOut,
      [Symbol.asyncDispose]: remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function pack(folder: string, files: readonly string[], file: string): Promise<void> {
  // Behind "./" no name is an option or another archive.
  const names = files.map((path) => `./${path}`);
  try {
    await create(
      { file, cwd: folder, gzip: true, portable: true, noMtime: true, noDirRecurse: true, strict: true },
      names,
    );
  } catch (error) {
    throw new UsageError(`${folder} cannot be packed: ${reasonOf(error)}`);
  }
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('base64');
}

/** The files by their paths, sorted, and what is neither file nor folder. */
async function filesIn(folder: string): Promise<{ readonly files: string[]; readonly leftOut: string[] }> {
  const found = { files: [] as string[], leftOut: [] as string[] };
  if (!(await lstatOf(folder))?.isDirectory()) throw new UsageError(`${folder} is not a folder.`);
  for (const path of [...(await pathsIn(folder))].sort()) {
    const stats = await lstatOf(join(folder, path));
    if (stats?.isFile() === true) found.files.push(path);
    else if (stats?.isDirectory() === true) {
      // A repository of its own, or a submodule.
      const inner = await filesIn(join(folder, path));
      const inIt = (name: string): string => `${path.replace(/\/$/, '')}/${name}`;
      found.files.push(...inner.files.map(inIt));
      found.leftOut.push(...inner.leftOut.map(inIt));
    } else if (stats) found.leftOut.push(path);
  }
  return found;
}

/** Undefined for what is in the index only: it was deleted. */
const lstatOf = (path: string): Promise<Awaited<ReturnType<typeof lstat>> | undefined> =>
  lstat(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined;
    throw new UsageError(`${path} cannot be read: ${reasonOf(error)}`);
  });
