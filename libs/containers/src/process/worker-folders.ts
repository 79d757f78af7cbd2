import { readdir } from 'node:fs/promises';
import { isId } from '@remuda/domain';
import { startFailed } from '../start-failed.js';
import type { WorkerCard } from './worker-card.js';
import { WorkerFolder } from './worker-folder.js';

/** The folders of all workers under one root. */
export class WorkerFolders {
  readonly #folders = new Map<string, WorkerFolder>();

  constructor(
    private readonly root: string,
    private readonly cluster: string,
  ) {}

  /** A worker's folder, existing or not. Anything but an id is refused: it could lead out of the root. */
  of(worker: string): WorkerFolder {
    if (!isId(worker)) throw startFailed(`"${worker}" is not a valid worker id.`);
    const folder = this.#folders.get(worker) ?? new WorkerFolder(this.root, worker);
    this.#folders.set(worker, folder);
    return folder;
  }

  /** A worker's card, if it belongs to this cluster. */
  async card(worker: string): Promise<WorkerCard | undefined> {
    const card = await this.of(worker).read();
    return card?.cluster === this.cluster ? card : undefined;
  }

  /** The cards of this cluster's workers. */
  async cards(): Promise<readonly WorkerCard[]> {
    const names = (await readdir(this.root).catch(() => [])).filter(isId);
    for (const known of this.#folders.keys()) if (!names.includes(known)) this.#folders.delete(known);
    const cards = await Promise.all(names.map((name) => this.card(name)));
    return cards.filter((card) => card !== undefined);
  }
}
