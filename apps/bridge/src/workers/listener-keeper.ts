import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isSocketFolder, socketFolder } from '@remuda/protocol';
import type { Logger } from '@remuda/runtime';
import type { WorkerDirectory } from './worker-directory.port.js';
import type { WorkerServers } from './worker-servers.js';

/** Dependencies of keeping the workers' listeners. */
export interface ListenerKeeperParts {
  /** Folder of the workers' folders of sockets; undefined if sockets are off. */
  readonly socketDir: string | undefined;
  readonly store: WorkerDirectory;
  /** Creates a worker's own listeners. */
  readonly make: (worker: string) => WorkerServers;
  readonly log: Logger;
}

/**
 * Keeps listeners for registered workers only: in a folder of sockets for each of them, if sockets are on, otherwise
 * from the first connection on. A folder is kept as long as its worker, even when the bridge ends: containers have it
 * mounted, and find the sockets of the next bridge in it.
 */
export class ListenerKeeper {
  readonly #open = new Map<string, WorkerServers>();
  /** Serializes the changes. */
  #line: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(private readonly parts: ListenerKeeperParts) {}

  /**
   * Compares the listeners with the registered workers. Rejects with `redis.unavailable` in an outage; then nothing
   * changes.
   */
  look(): Promise<void> {
    return this.#inLine(async () => {
      const registered = await this.parts.store.registered();
      for (const worker of this.#open.keys()) if (!registered.has(worker)) await this.#remove(worker);
      const { socketDir } = this.parts;
      if (socketDir === undefined) return;
      this.#sweep(registered, socketDir);
      for (const worker of registered) if (await this.#add(worker)) await this.#note(worker, socketDir);
    });
  }

  /** A worker was added or removed. Rejects with `redis.unavailable` in an outage. */
  onWord(worker: string): Promise<void> {
    return this.#inLine(async () => {
      if (!(await this.parts.store.isRegistered(worker))) return this.#remove(worker);
      const { socketDir } = this.parts;
      if (socketDir === undefined) return;
      await this.#add(worker);
      if (this.#open.has(worker)) await this.#note(worker, socketDir);
    });
  }

  /** The listeners of a registered worker; undefined if it has none, or none any more. */
  async reach(worker: string): Promise<WorkerServers | undefined> {
    if (!this.#closed && !this.#open.has(worker))
      await this.#inLine(async () => {
        await this.#add(worker);
      });
    return this.#closed ? undefined : this.#open.get(worker);
  }

  /** Accepts nothing new, waits up to `graceMs` for connections in flight, and cuts the rest. The folders stay. */
  async close(graceMs: number): Promise<void> {
    this.#closed = true;
    await this.#line;
    await Promise.all([...this.#open.values()].map((servers) => servers.close(graceMs)));
    this.#open.clear();
  }

  /** Whether they were created by this call. */
  async #add(worker: string): Promise<boolean> {
    const { socketDir, make, log } = this.parts;
    if (this.#open.has(worker)) return false;
    const servers = make(worker);
    try {
      if (socketDir !== undefined) await servers.listenIn(folderOf(worker, socketDir));
      this.#open.set(worker, servers);
      log.debug({ worker }, 'opened the listeners of a worker');
      return true;
    } catch (err) {
      await servers.close(0);
      log.error({ err, worker }, 'the listeners of a worker could not be opened');
      return false;
    }
  }

  async #remove(worker: string): Promise<void> {
    const { socketDir } = this.parts;
    await this.#open.get(worker)?.close(0);
    this.#open.delete(worker);
    if (socketDir !== undefined) rmSync(folderOf(worker, socketDir), { recursive: true, force: true });
  }

  /** Removes the folders of workers that are gone, left by an earlier bridge. */
  #sweep(registered: ReadonlySet<string>, socketDir: string): void {
    const wanted = new Set([...registered].map(socketFolder));
    for (const name of readdirSync(socketDir))
      if (isSocketFolder(name) && !wanted.has(name)) rmSync(join(socketDir, name), { recursive: true, force: true });
  }

  #note(worker: string, socketDir: string): Promise<void> {
    return this.parts.store.noteOpen(worker, socketDir);
  }

  #inLine(work: () => Promise<void>): Promise<void> {
    const turn = this.#line.then(() => (this.#closed ? undefined : work()));
    this.#line = turn.catch(() => undefined);
    return turn;
  }
}

function folderOf(worker: string, socketDir: string): string {
  return join(socketDir, socketFolder(worker));
}
