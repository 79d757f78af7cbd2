import { access, constants, mkdir } from 'node:fs/promises';
import { availableParallelism, hostname } from 'node:os';
import type { ContainerExit, ContainerRuntime, ContainerSpec, SeenContainer } from '@remuda/domain';
import type { ProcessEnd } from '../exit-reason.js';
import { InTurn } from '../in-turn.js';
import type { RuntimeLog } from '../runtime-log.js';
import { said, startFailed } from '../start-failed.js';
import { processesOf } from './process-table.js';
import { ProcessWatch } from './process-watch.js';
import { nameOf, type WorkerCard } from './worker-card.js';
import { marksOf } from './worker-environment.js';
import { WorkerFolders } from './worker-folders.js';
import { killAll, lives, terminate } from './worker-process.js';
import { WorkerRelease } from './worker-release.js';
import { startWorker, type WorkerParts } from './worker-start.js';

/** Options of a process runtime. */
export interface ProcessRuntimeOptions extends WorkerParts {
  /** Only workers of this cluster are seen and touched. */
  readonly cluster: string;
  /** Absolute path of the root of the workers' folders: `<dir>/<worker>/{workspace,home,tmp}`. */
  readonly dir: string;
  readonly log: RuntimeLog;
}

/**
 * Workers as processes of this machine. Not isolated: they run as this user. They outlive the process that started
 * them; any other of the same cluster and `dir` finds them by their cards, and can stop them.
 */
export class ProcessRuntime implements ContainerRuntime {
  readonly kind = 'process';
  readonly isolated = false;
  readonly reachesRedis = 'directly';
  readonly #folders: WorkerFolders;
  readonly #inTurn = new InTurn();
  /** Our own child processes, by pid: settles when their end is on the card. */
  readonly #ends = new Map<number, Promise<void>>();
  readonly #watch: ProcessWatch;
  readonly #release: WorkerRelease;

  constructor(private readonly options: ProcessRuntimeOptions) {
    this.#folders = new WorkerFolders(options.dir, options.cluster);
    this.#release = new WorkerRelease(options);
    this.#watch = new ProcessWatch({
      folders: this.#folders,
      bury: (worker, pid) => this.#bury(worker, pid),
      log: options.log,
    });
  }

  /** Identifies this machine, and the folder of the workers' cards. */
  engineName(): Promise<string> {
    return Promise.resolve(`process:${hostname()}:${this.options.dir}`);
  }

  cores(): Promise<number> {
    return Promise.resolve(availableParallelism());
  }

  /** Images have no meaning here: the worker's bundle is started. */
  async prepare(): Promise<void> {
    const { dir, workerBundle, claude } = this.options;
    await need(workerBundle, constants.R_OK, 'It is the bundled worker: "npm run build" makes it.');
    await need(claude, constants.X_OK, 'It is the Claude Code executable: "npm ci" installs it.');
    await mkdir(dir, { recursive: true, mode: 0o700 });
  }

  /** The image has no meaning here: the worker's program and Claude Code count instead. */
  releaseOf(): Promise<string> {
    return this.#release.name();
  }

  start(spec: ContainerSpec): Promise<void> {
    const { worker, profile } = spec;
    return this.#inTurn.run(worker, async () => {
      const folder = this.#folders.of(worker);
      const before = await folder.read();
      if (before !== undefined && before.cluster !== this.options.cluster)
        throw startFailed(`${folder.path} belongs to a worker of another cluster.`);
      if (before !== undefined && (await this.#runs(before))) return;
      await this.#clear(worker, before);
      try {
        const { pid, ended } = await startWorker(spec, folder, this.options);
        this.#noteEnd(worker, pid, ended);
        this.options.log.info({ worker, profile, pid }, 'started a worker process, not isolated from this machine');
      } catch (error) {
        await this.#clear(worker, undefined);
        throw startFailed(`The worker ${worker} could not be started: ${said(error)}`, error);
      }
    });
  }

  /** Writes the end to the worker's card, if it still exists. */
  #noteEnd(worker: string, pid: number, ended: Promise<ProcessEnd>): void {
    const noted = ended.then(async (end) => {
      await this.#inTurn.run(worker, async () => {
        this.#ends.delete(pid);
        const card = await this.#folders.card(worker);
        if (card?.pid === pid) await this.#folders.of(worker).write({ ...card, end });
      });
      void this.#watch.look();
    });
    this.#ends.set(pid, noted);
    noted.catch((error: unknown) => {
      this.options.log.warn({ worker, error: said(error) }, 'could not record how a worker ended');
    });
  }

  /** Ends the worker's remaining processes, as in a container; returns its final card. */
  async #bury(worker: string, pid: number): Promise<WorkerCard | undefined> {
    await this.#ends.get(pid)?.catch(() => undefined);
    return this.#inTurn.run(worker, async () => {
      const card = await this.#folders.card(worker);
      if (card?.pid !== pid) return undefined;
      await killAll(this.#marks(worker), undefined);
      return card;
    });
  }

  stop(worker: string, graceMs: number): Promise<void> {
    return this.#inTurn.run(worker, async () => {
      const card = await this.#folders.card(worker);
      if (card === undefined) return;
      await this.#folders.of(worker).write({ ...card, stopping: true });
      const name = nameOf(card);
      if (name !== undefined) await terminate(name, graceMs);
      await this.#clear(worker, card);
      this.options.log.info({ worker }, 'stopped a worker process');
    });
  }

  /** Ends all processes of the worker, and removes its folders. */
  async #clear(worker: string, card: WorkerCard | undefined): Promise<void> {
    await killAll(this.#marks(worker), card && nameOf(card));
    await this.#folders.of(worker).remove();
  }

  async list(): Promise<readonly SeenContainer[]> {
    const cards = await this.#folders.cards();
    return Promise.all(
      cards.map(async (card) => {
        const { worker, profile, fingerprint } = card;
        return { worker, profile, fingerprint, running: await this.#runs(card) };
      }),
    );
  }

  watch(onExit: (exit: ContainerExit) => void): Promise<() => Promise<void>> {
    return this.#watch.add(onExit);
  }

  async close(): Promise<void> {
    await this.#watch.close();
  }

  #marks(worker: string): readonly string[] {
    return marksOf({ worker, home: this.#folders.of(worker).home });
  }

  /** A card without a process may still have one, if its scheduler died between the start and the write. */
  async #runs(card: WorkerCard): Promise<boolean> {
    const name = nameOf(card);
    if (name !== undefined) return lives(name);
    return (await processesOf(this.#marks(card.worker), undefined)).length > 0;
  }
}

async function need(path: string, mode: number, cure: string): Promise<void> {
  await access(path, mode).catch((error: unknown) => {
    throw startFailed(`${path} is missing or not accessible. ${cure}`, error);
  });
}
