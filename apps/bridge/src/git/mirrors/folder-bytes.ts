import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** What a folder and all in it take of the disk, in bytes; what goes meanwhile counts nothing. */
export async function folderBytes(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  let bytes = 0;
  // One after the other: a mirror may have many files, and nobody waits for it.
  for (const name of names) {
    const seen = await lstat(join(folder, name)).catch(() => undefined);
    bytes += seen?.isFile() ? seen.blocks * 512 : 0;
  }
  return bytes;
}
