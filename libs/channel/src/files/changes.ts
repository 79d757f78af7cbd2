import { watch, type FSWatcher } from 'node:fs';

/** Tells that something has changed in folders, by the system's own notice (inotify on Linux): nobody looks in vain. */
export class Changes {
  readonly #watchers: FSWatcher[];
  #changed = true;
  #wake: () => void = () => undefined;

  /** Throws if a folder cannot be watched. The first change is there at once: what is in the folders already. */
  constructor(folders: readonly string[]) {
    this.#watchers = folders.map((folder) => watch(folder, () => this.note()));
    for (const watcher of this.#watchers) watcher.on('error', () => this.note());
  }

  /** Resolves when there was a change since the last one that was taken. */
  async next(): Promise<void> {
    if (!this.#changed) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#changed = false;
  }

  /** As if something had changed. */
  note(): void {
    this.#changed = true;
    this.#wake();
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.close();
    this.note();
  }
}
