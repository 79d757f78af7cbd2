import { rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RemudaError, type Clock } from '@remuda/domain';

/** How often a worker touches its file, in ms. */
export const aliveEveryMs = 2_000;
/** How long the file may be untouched before the worker counts as ended, in ms. */
const aliveMs = 3 * aliveEveryMs;

/** The file by which a worker shows that it is there: `workers/{name}`. */
export class Alive {
  readonly #path: string;

  constructor(private readonly worker: { readonly folder: string; readonly name: string; readonly clock: Clock }) {
    this.#path = join(worker.folder, 'workers', worker.name);
  }

  async touch(): Promise<void> {
    const now = this.worker.clock.now() / 1_000;
    await utimes(this.#path, now, now).catch(() => writeFile(this.#path, ''));
  }

  async end(): Promise<void> {
    await rm(this.#path, { force: true });
  }

  async seen(): Promise<boolean> {
    const touchedAt = await stat(this.#path).then(
      ({ mtimeMs }) => mtimeMs,
      () => -Infinity,
    );
    return this.worker.clock.now() - touchedAt <= aliveMs;
  }

  /** Rejects with `channel.unavailable` if the worker is not there. */
  async prove(): Promise<void> {
    const { folder, name } = this.worker;
    if (await this.seen()) return;
    throw new RemudaError('channel.unavailable', `There is no worker ${name} in ${folder}.`);
  }
}
