import type { ContainerExit } from '@remuda/domain';
import { exitReason } from '../exit-reason.js';
import type { RuntimeLog } from '../runtime-log.js';
import { said } from '../start-failed.js';
import { ExitLook, type SeenProcess } from './exit-look.js';
import { nameOf, type WorkerCard } from './worker-card.js';
import type { WorkerFolders } from './worker-folders.js';
import { keyOf, lives } from './worker-process.js';

/** Interval of scanning the workers while there is a watch. */
const lookEveryMs = 200;

/** The runtime's functions for a watch. */
export interface ProcessWatchParts {
  readonly folders: WorkerFolders;
  /** Ends the remaining processes of a worker that is over, and returns its final card. */
  readonly bury: (worker: string, pid: number) => Promise<WorkerCard | undefined>;
  readonly log: RuntimeLog;
}

/** All watches of one runtime: scans the workers while there is one, and forwards their output. */
export class ProcessWatch {
  readonly #looks = new Set<ExitLook>();
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly parts: ProcessWatchParts) {}

  /** Starts a watch; the returned function ends it. */
  async add(onExit: (exit: ContainerExit) => void): Promise<() => Promise<void>> {
    const look = new ExitLook({ see: () => this.#see(), describe: (seen) => this.#describe(seen), onExit });
    await look.open();
    this.#looks.add(look);
    this.#timer ??= setInterval(() => void this.look(), lookEveryMs);
    return () => this.#end(look);
  }

  /** Scans now: a change is known. */
  async look(): Promise<void> {
    try {
      await Promise.all([...this.#looks].map((look) => look.look()));
    } catch (error) {
      this.parts.log.warn({ error: said(error) }, 'could not look at the workers');
    }
  }

  /** Ends every watch. */
  async close(): Promise<void> {
    await Promise.all([...this.#looks].map((look) => this.#end(look)));
  }

  async #end(look: ExitLook): Promise<void> {
    this.#looks.delete(look);
    if (this.#looks.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    await look.close();
  }

  async #see(): Promise<readonly SeenProcess[]> {
    const cards = await this.parts.folders.cards();
    const seen = await Promise.all(cards.map((card) => this.#seeOne(card)));
    return seen.filter((one) => one !== undefined);
  }

  async #seeOne(card: WorkerCard): Promise<SeenProcess | undefined> {
    const { worker } = card;
    const name = nameOf(card);
    if (name === undefined) return undefined;
    await this.#passOnOutput(worker);
    const alive = await lives(name);
    // read again: a stop marks the card before it ends anything
    const now = alive ? card : await this.parts.folders.card(worker);
    return {
      worker,
      pid: name.pid,
      key: keyOf(name),
      lives: alive,
      stopping: now?.stopping === true || now?.pid !== name.pid,
    };
  }

  async #passOnOutput(worker: string): Promise<void> {
    for (const line of await this.parts.folders.of(worker).newLines()) {
      this.parts.log.debug({ worker, line }, 'a worker said');
    }
  }

  /** Undefined if it was stopped in the meantime. */
  async #describe({ worker, pid }: SeenProcess): Promise<ContainerExit | undefined> {
    const card = await this.parts.bury(worker, pid);
    if (card === undefined || card.stopping === true) return undefined;
    const lastLines = await this.parts.folders.of(worker).lastLines();
    return { worker, reason: exitReason(card.end ?? {}), outOfMemory: false, lastLines };
  }
}
