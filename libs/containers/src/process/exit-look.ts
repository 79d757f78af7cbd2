import type { ContainerExit } from '@remuda/domain';

/** A worker as one look at the folders shows it. */
export interface SeenProcess {
  readonly worker: string;
  readonly pid: number;
  /** Names this process for good; another start under the same name is another key. */
  readonly key: string;
  readonly lives: boolean;
  readonly stopping: boolean;
}

/** What a look shows, and how an exit is described. */
export interface ExitLookParts {
  readonly see: () => Promise<readonly SeenProcess[]>;
  /** Undefined when its end has become no news. */
  readonly describe: (seen: SeenProcess) => Promise<ContainerExit | undefined>;
  readonly onExit: (exit: ContainerExit) => void;
}

/** Tells once of each worker that ended and was not being stopped, by looking again and again. */
export class ExitLook {
  /** Processes whose end is told, or was no news when the watch began. */
  #known = new Set<string>();
  #looking: Promise<void> = Promise.resolve();
  #ended = false;

  constructor(private readonly parts: ExitLookParts) {}

  /** Resolves when every end from then on is told. */
  async open(): Promise<void> {
    for (const seen of await this.parts.see()) if (!seen.lives) this.#known.add(seen.key);
  }

  /** One look; looks do not overlap. */
  look(): Promise<void> {
    const before = this.#looking;
    this.#looking = before.catch(() => undefined).then(() => this.#look());
    return this.#looking;
  }

  /** Nothing is told after this resolves. */
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

  /** The watch may have been closed while the exit was looked into. */
  #tell(exit: ContainerExit): void {
    if (!this.#ended) this.parts.onExit(exit);
  }
}
