import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Disk usage of a folder and all its contents, in bytes; files that disappear meanwhile do not count. */
export async function folderBytes(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  let bytes = 0;
  // Sequentially: a mirror may have many files, and nobody waits for the result.
  for (const name of names) {
    const seen = await lstat(join(folder, name)).catch(() => undefined);
    bytes += seen?.isFile() ? seen.blocks * 512 : 0;
  }
  return bytes;
}
