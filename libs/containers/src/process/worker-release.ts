import { createHash } from 'node:crypto';
import { readFile, readdir, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { said, startFailed } from '../start-failed.js';

/** The programs of a worker's process. */
export interface WorkerPrograms {
  /** The bundled worker; its helper programs are in the same folder. */
  readonly workerBundle: string;
  /** Claude Code's executable. */
  readonly claude: string;
}

/**
 * Identifies what a worker would be made from now: its program by content, and Claude Code, which is large, by path,
 * size and time.
 */
export class WorkerRelease {
  #stamps = '';
  #name = '';

  constructor(private readonly programs: WorkerPrograms) {}

  /**
   * Reads the programs only if their timestamps have changed. Rejects with `container.start_failed` if one is missing.
   */
  async name(): Promise<string> {
    try {
      return await this.#look();
    } catch (error) {
      throw startFailed(`The files that workers are made from cannot be read: ${said(error)}`, error);
    }
  }

  async #look(): Promise<string> {
    const { workerBundle, claude } = this.programs;
    const files = await programsIn(dirname(workerBundle));
    const [engine, ...own] = await Promise.all([claude, ...files].map(stampOf));
    const stamps = [engine, ...own].join('\n');
    if (stamps === this.#stamps) return this.#name;
    const hash = createHash('sha256').update(engine ?? '');
    for (const file of files) hash.update(await readFile(file));
    this.#name = `process:${hash.digest('hex')}`;
    this.#stamps = stamps;
    return this.#name;
  }
}

async function programsIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => name.endsWith('.mjs'))
    .toSorted()
    .map((name) => join(folder, name));
}

async function stampOf(path: string): Promise<string> {
  const real = await realpath(path);
  const { size, mtimeMs } = await stat(real);
  return `${real} ${String(size)} ${String(mtimeMs)}`;
}
