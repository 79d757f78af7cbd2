import { mkdir, open, readFile, rename, rm, stat, truncate, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { lastLines } from '../last-lines.js';
import type { WorkerCard } from './worker-card.js';

/** A worker's output is truncated to zero when it grows past this. */
const maxLogBytes = 8 * 1024 * 1024;
/** How much of the output's end is searched for the last lines. */
const tailBytes = 64 * 1024;

/** A worker's files: its card, output, workspace, home and temporary files. */
export class WorkerFolder {
  readonly path: string;
  readonly workspace: string;
  readonly home: string;
  readonly tmp: string;
  readonly #card: string;
  readonly #log: string;
  #readTo = 0;

  constructor(root: string, worker: string) {
    this.path = join(root, worker);
    this.workspace = join(this.path, 'workspace');
    this.home = join(this.path, 'home');
    this.tmp = join(this.path, 'tmp');
    this.#card = join(this.path, 'worker.json');
    this.#log = join(this.path, 'worker.log');
  }

  async create(): Promise<void> {
    for (const folder of [this.workspace, this.home, this.tmp]) await mkdir(folder, { recursive: true, mode: 0o700 });
  }

  /** Replaces the card atomically: a reader sees the old one or the new one. */
  async write(card: WorkerCard): Promise<void> {
    const draft = `${this.#card}.new`;
    await writeFile(draft, JSON.stringify(card), { mode: 0o600 });
    await rename(draft, this.#card);
  }

  /** The card; undefined if there is no readable one. */
  async read(): Promise<WorkerCard | undefined> {
    try {
      return JSON.parse(await readFile(this.#card, 'utf8')) as WorkerCard;
    } catch {
      return undefined;
    }
  }

  /** The file for the worker's output: unlike a pipe, it outlives the process that started the worker. */
  openLog(): Promise<FileHandle> {
    return open(this.#log, 'a', 0o600);
  }

  /** The worker's last lines of output. */
  async lastLines(): Promise<readonly string[]> {
    const { size } = await stat(this.#log).catch(() => ({ size: 0 }));
    return lastLines(await this.#slice(Math.max(0, size - tailBytes), size));
  }

  /** The worker's new lines since the last call. */
  async newLines(): Promise<readonly string[]> {
    const { size } = await stat(this.#log).catch(() => ({ size: 0 }));
    const text = await this.#slice(Math.min(this.#readTo, size), size);
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    this.#readTo = Math.min(this.#readTo, size) + Buffer.byteLength(whole);
    if (size > maxLogBytes) await this.#cutBack();
    return lastLines(whole, Infinity);
  }

  async #cutBack(): Promise<void> {
    await truncate(this.#log, 0);
    this.#readTo = 0;
  }

  async #slice(from: number, to: number): Promise<string> {
    if (to <= from) return '';
    const file = await open(this.#log, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(to - from), 0, to - from, from);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  }

  /** Removes everything; retries while a dying process still writes there. */
  async remove(): Promise<void> {
    this.#readTo = 0;
    await rm(this.path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }
}
