import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isSocketFolder, socketFolder } from '@remuda/protocol';
import type { Logger } from '@remuda/runtime';
import type { WorkerDirectory } from './worker-directory.port.js';
import type { WorkerServers } from './worker-servers.js';

/** What keeping the workers' listeners takes. */
export interface ListenerKeeperParts {
  /** Folder of the workers' folders of sockets; undefined where workers come by another way only. */
  readonly socketDir: string | undefined;
  readonly store: WorkerDirectory;
  /** Makes a worker's own listeners. */
  readonly make: (worker: string) => WorkerServers;
  readonly log: Logger;
}

/**
 * Keeps listeners for registered workers, and none for others: in a folder of sockets for each of them, where there are sockets, else
 * from the first connection on. A folder stays while its worker does, also when the bridge ends: containers have it mounted, and
 * find the sockets of the next bridge in it.
 */
export class ListenerKeeper {
  readonly #open = new Map<string, WorkerServers>();
  /** One thing at a time. */
  #line: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(private readonly parts: ListenerKeeperParts) {}

  /** Compares all that there is with the workers that there are. Rejects with `redis.unavailable` in an outage; then all stays as it is. */
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

  /** A worker came or went. Rejects with `redis.unavailable` in an outage. */
  onWord(worker: string): Promise<void> {
    return this.#inLine(async () => {
      if (!(await this.parts.store.isRegistered(worker))) return this.#remove(worker);
      const { socketDir } = this.parts;
      if (socketDir === undefined) return;
      await this.#add(worker);
      if (this.#open.has(worker)) await this.#note(worker, socketDir);
    });
  }

  /** The listeners of a worker that is known to be registered; undefined where there can be none, or none any more. */
  async reach(worker: string): Promise<WorkerServers | undefined> {
    if (!this.#closed && !this.#open.has(worker))
      await this.#inLine(async () => {
        await this.#add(worker);
      });
    return this.#closed ? undefined : this.#open.get(worker);
  }

  /** Takes nothing new, waits up to `graceMs` for what is under way, and cuts the rest. The folders stay. */
  async close(graceMs: number): Promise<void> {
    this.#closed = true;
    await this.#line;
    await Promise.all([...this.#open.values()].map((servers) => servers.close(graceMs)));
    this.#open.clear();
  }

  /** Whether they were not there before, and are now. */
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

  /** Removes what an earlier bridge left of workers that are gone. */
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
