import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { folderBytes } from './folder-bytes.js';
import { Mirror, goneMark, removeFolder, type MirrorParts } from './mirror.js';
import { mirrorsOverBudget, type KeptMirror } from './mirror-budget.js';

/** State of a mirror's folder. */
interface Kept {
  bytes: number;
  usedAt: number;
  users: number;
}

/** The mirrors of all repositories, with a limit on their disk space; the least recently used ones are removed. */
export class Mirrors {
  readonly #mirrors = new Map<string, Mirror>();
  /** By name of the folder, including those of an earlier bridge. */
  readonly #kept = new Map<string, Kept>();
  #trimming: Promise<void> = Promise.resolve();

  constructor(
    private readonly parts: MirrorParts,
    private readonly maxBytes: number,
  ) {}

  /** Finds the mirrors of an earlier bridge, and completes its removals. To be called before the first use. */
  async open(): Promise<void> {
    for (const name of await readdir(this.parts.folder)) {
      const folder = join(this.parts.folder, name);
      if (name.includes(goneMark)) await removeFolder(folder);
      else this.#kept.set(name, { bytes: await folderBytes(folder), usedAt: (await stat(folder)).mtimeMs, users: 0 });
    }
    await this.#trim();
  }

  /** Runs work with the mirror of a repository, which is kept at least until then. */
  async use<T>(url: string, work: (mirror: Mirror) => Promise<T>): Promise<T> {
    const mirror = this.#mirrors.get(url) ?? new Mirror(url, this.parts);
    this.#mirrors.set(url, mirror);
    const name = basename(mirror.folder);
    const kept = this.#kept.get(name) ?? { bytes: 0, usedAt: 0, users: 0 };
    this.#kept.set(name, kept);
    kept.users++;
    kept.usedAt = this.parts.clock.now();
    try {
      return await work(mirror);
    } finally {
      kept.users--;
      this.#trimming = this.#trimming.then(() => this.#measure(mirror.folder)).then(() => this.#trim());
      this.#trimming.catch((err: unknown) => {
        this.parts.log.warn({ err }, 'the size of the mirrors could not be measured');
      });
    }
  }

  /** Resolves when used mirrors are measured and surplus ones are removed. */
  async settled(): Promise<void> {
    await this.#trimming;
  }

  async #measure(folder: string): Promise<void> {
    const kept = this.#kept.get(basename(folder));
    if (kept) kept.bytes = await folderBytes(folder);
  }

  async #trim(): Promise<void> {
    const all = [...this.#kept].map(([name, { users, ...rest }]): KeptMirror => ({ name, ...rest, inUse: users > 0 }));
    for (const name of mirrorsOverBudget(all, this.maxBytes)) {
      if ((this.#kept.get(name)?.users ?? 0) > 0) continue;
      this.#kept.delete(name);
      for (const [url, mirror] of this.#mirrors) if (basename(mirror.folder) === name) this.#mirrors.delete(url);
      this.parts.log.info({ mirror: name }, 'removing a mirror to stay within REMUDA_MIRROR_TOTAL_MB');
      await removeFolder(join(this.parts.folder, name));
    }
  }
}
