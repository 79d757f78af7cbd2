import type { ContainerRuntime, ContainerSpec, SeenContainer } from '@remuda/domain';

/** What the process with the workers is told. */
export interface StartNote {
  readonly start: Pick<ContainerSpec, 'worker' | 'env'>;
}

/** A container runtime that has workers started by whoever hears its notes; they stay until the benchmark ends. */
export class RemoteRuntime implements ContainerRuntime {
  readonly kind = 'process';
  readonly isolated = false;
  readonly reachesRedis = 'directly';
  readonly workerSocketDir = '/nonexistent';
  readonly #seen = new Map<string, SeenContainer>();

  constructor(private readonly say: (note: StartNote) => void) {}

  engineName(): Promise<string> {
    return Promise.resolve('remote');
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  releaseOf(): Promise<string> {
    return Promise.resolve('bench');
  }

  start({ worker, profile, fingerprint, env }: ContainerSpec): Promise<void> {
    this.#seen.set(worker, { worker, profile, fingerprint, running: true });
    this.say({ start: { worker, env } });
    return Promise.resolve();
  }

  stop(worker: string): Promise<void> {
    this.#seen.delete(worker);
    return Promise.resolve();
  }

  list(): Promise<readonly SeenContainer[]> {
    return Promise.resolve([...this.#seen.values()]);
  }

  watch(): Promise<() => Promise<void>> {
    return Promise.resolve(() => Promise.resolve());
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
