import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isSocketFolder, socketFolder } from '@remuda/protocol';
import type { Logger } from '@remuda/runtime';
import type { Listeners } from '../listeners.js';
import type { WorkerDirectory } from './worker-directory.port.js';

/** What keeping the workers' sockets takes. */
export interface SocketKeeperParts {
  /** Folder of the workers' folders. */
  readonly socketDir: string;
  readonly store: WorkerDirectory;
  /** Opens a worker's listeners in a folder that it makes where it is missing. */
  readonly open: (worker: string, folder: string) => Promise<Listeners>;
  readonly log: Logger;
}

/**
 * Keeps a folder of sockets for each registered worker, and none for others. A folder stays while its worker does, also when the
 * bridge ends: containers have it mounted, and find the sockets of the next bridge in it.
 */
export class SocketKeeper {
  readonly #open = new Map<string, Listeners>();
  /** One thing at a time. */
  #line: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(private readonly parts: SocketKeeperParts) {}

  /** Compares all that there is with the workers that there are. Rejects with `redis.unavailable` in an outage; then all stays as it is. */
  look(): Promise<void> {
    return this.#inLine(async () => {
      const registered = await this.parts.store.registered();
      for (const worker of this.#open.keys()) if (!registered.has(worker)) await this.#remove(worker);
      this.#sweep(registered);
      for (const worker of registered) if (await this.#add(worker)) await this.#note(worker);
    });
  }

  /** A worker came or went. Rejects with `redis.unavailable` in an outage. */
  onWord(worker: string): Promise<void> {
    return this.#inLine(async () => {
      if (!(await this.parts.store.isRegistered(worker))) return this.#remove(worker);
      await this.#add(worker);
      if (this.#open.has(worker)) await this.#note(worker);
    });
  }

  /** Takes nothing new, waits up to `graceMs` for what is under way, and cuts the rest. The folders stay. */
  async close(graceMs: number): Promise<void> {
    this.#closed = true;
    await this.#line;
    await Promise.all([...this.#open.values()].map((listeners) => listeners.close(graceMs)));
    this.#open.clear();
  }

  /** Whether they were not there before, and are now. */
  async #add(worker: string): Promise<boolean> {
    const { open, log } = this.parts;
    if (this.#open.has(worker)) return false;
    try {
      this.#open.set(worker, await open(worker, this.#folderOf(worker)));
      log.debug({ worker }, 'opened the sockets of a worker');
      return true;
    } catch (err) {
      log.error({ err, worker }, 'the sockets of a worker could not be opened');
      return false;
    }
  }

  async #remove(worker: string): Promise<void> {
    await this.#open.get(worker)?.close(0);
    this.#open.delete(worker);
    rmSync(this.#folderOf(worker), { recursive: true, force: true });
  }

  /** Removes what an earlier bridge left of workers that are gone. */
  #sweep(registered: ReadonlySet<string>): void {
    const wanted = new Set([...registered].map(socketFolder));
    for (const name of readdirSync(this.parts.socketDir))
      if (isSocketFolder(name) && !wanted.has(name))
        rmSync(join(this.parts.socketDir, name), { recursive: true, force: true });
  }

  #note(worker: string): Promise<void> {
    return this.parts.store.noteOpen(worker, this.parts.socketDir);
  }

  #folderOf(worker: string): string {
    return join(this.parts.socketDir, socketFolder(worker));
  }

  #inLine(work: () => Promise<void>): Promise<void> {
    const turn = this.#line.then(() => (this.#closed ? undefined : work()));
    this.#line = turn.catch(() => undefined);
    return turn;
  }
}
