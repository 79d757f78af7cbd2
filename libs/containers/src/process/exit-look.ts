import type { ContainerExit } from '@remuda/domain';

/** A worker as seen by one scan of the folders. */
export interface SeenProcess {
  readonly worker: string;
  readonly pid: number;
  /** Identifies this process; another start under the same name has another key. */
  readonly key: string;
  readonly lives: boolean;
  readonly stopping: boolean;
}

/** The result of a scan, and how an exit is described. */
export interface ExitLookParts {
  readonly see: () => Promise<readonly SeenProcess[]>;
  /** Undefined if its end must not be reported any more. */
  readonly describe: (seen: SeenProcess) => Promise<ContainerExit | undefined>;
  readonly onExit: (exit: ContainerExit) => void;
}

/** Reports once each worker that ended without being stopped, by scanning periodically. */
export class ExitLook {
  /** Processes whose end was reported, or was before the watch. */
  #known = new Set<string>();
  #looking: Promise<void> = Promise.resolve();
  #ended = false;

  constructor(private readonly parts: ExitLookParts) {}

  /** Resolves when every later end will be reported. */
  async open(): Promise<void> {
    for (const seen of await this.parts.see()) if (!seen.lives) this.#known.add(seen.key);
  }

  /** One scan; scans do not overlap. */
  look(): Promise<void> {
    const before = this.#looking;
    this.#looking = before.catch(() => undefined).then(() => this.#look());
    return this.#looking;
  }

  /** Nothing is reported after this resolves. */
  async close(): Promise<void> {
    this.#ended = true;
    await this.#looking.catch(() => undefined);
  }

  async #look(): Promise<void> {
    if (this.#ended) return;
    const seen = await this.parts.see();
    const over = seen.filter((one) => !one.lives);
    this.#known = new Set(over.map((one) => one.key).filter((key) => this.#known.has(key)));
    for (const one of over) {
      if (this.#known.has(one.key)) continue;
      const exit = one.stopping ? undefined : await this.parts.describe(one);
      this.#known.add(one.key);
      if (exit !== undefined) this.#tell(exit);
    }
  }

  /** The watch may have been closed while the exit was examined. */
  #tell(exit: ContainerExit): void {
    if (!this.#ended) this.parts.onExit(exit);
  }
}
