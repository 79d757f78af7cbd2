import { chmod, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { RemudaError } from '@remuda/domain';
import { unfinishedName } from './names.js';

/** For the owner and its group, who are on the two sides of a container's wall; nobody else. */
const fileMode = 0o660;
/** The same for a folder; what is made in it belongs to its group. */
const folderMode = 0o2770;

/** Makes a folder for both sides; keeps the one that is there. Rejects with `channel.unavailable`. */
export async function makeFolder(path: string): Promise<void> {
  try {
    if ((await mkdir(path, { recursive: true })) !== undefined) await chmod(path, folderMode);
  } catch (cause) {
    throw unavailable(path, cause);
  }
}

/** A folder into which one side writes: each file appears whole, and later than all that were written before. */
export class Outgoing {
  #number = 0;
  #lastMs = 0;

  constructor(private readonly folder: string) {}

  /**
   * Writes a file, or replaces it. Rejects with `channel.unavailable` when the folder takes nothing: it is not there or
   * not writable, or the disk is full.
   */
  async write(name: string, bytes: Buffer): Promise<void> {
    const unfinished = join(this.folder, unfinishedName(name, process.pid * 1_000_000 + ++this.#number));
    try {
      await this.#fill(unfinished, bytes);
      await rename(unfinished, join(this.folder, name));
    } catch (cause) {
      await rm(unfinished, { force: true }).catch(() => undefined);
      throw unavailable(this.folder, cause);
    }
  }

  async #fill(path: string, bytes: Buffer): Promise<void> {
    const file = await open(path, 'wx', fileMode);
    try {
      // The umask of either side may have taken something away.
      await file.chmod(fileMode);
      await file.writeFile(bytes);
      const at = this.#next() / 1_000;
      await file.utimes(at, at);
    } finally {
      await file.close();
    }
  }

  /** The system's own time of a file rises by a few ms at once: readers could not tell which of two was first. */
  #next(): number {
    const now = performance.timeOrigin + performance.now();
    return (this.#lastMs = Math.max(now, this.#lastMs + 0.01));
  }
}

function unavailable(folder: string, cause: unknown): RemudaError {
  const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
  return new RemudaError('channel.unavailable', `Nothing can be written into ${folder}: ${whys[code] ?? code}.`, {
    cause,
  });
}

const whys: Readonly<Record<string, string>> = {
  EACCES: 'no permission (EACCES)',
  EPERM: 'no permission (EPERM)',
  ENOENT: 'it does not exist (ENOENT)',
  ENOSPC: 'the disk is full (ENOSPC)',
  EDQUOT: 'the quota is used up (EDQUOT)',
  EROFS: 'it is read-only (EROFS)',
};
