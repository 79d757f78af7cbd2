/** The screen of a worker's terminal at one moment. */
export interface WorkerScreen {
  /** When it was looked at, epoch ms of the worker. */
  readonly at: number;
  /** Its lines, without colours; the secrets of the job are replaced. */
  readonly text: string;
  /** The job that it may show: the one that is carried out, or was last in this container; absent if there was none. */
  readonly job?: string | undefined;
  /** The latest request to show it that the worker had heard. */
  readonly asked: number;
}

/**
 * What workers with a terminal show while somebody looks. A worker that nobody asks shows nothing, and what it has shown is
 * forgotten soon after. Rejects with `redis.unavailable`.
 */
export interface WorkerScreens {
  /** Asks a worker to show its screen from now on, at most twice a second and when it has changed, for `forMs`. */
  ask(worker: string, asked: number, forMs: number): Promise<void>;
  /** What it last showed; undefined if that is nothing, or forgotten. */
  shown(worker: string): Promise<WorkerScreen | undefined>;
}
