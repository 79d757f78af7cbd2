import {
  RemudaError,
  type ContainerExit,
  type ContainerRuntime,
  type ContainerSpec,
  type SeenContainer,
} from '@remuda/domain';

interface FakeContainer {
  readonly cluster: string;
  readonly spec: ContainerSpec;
  running: boolean;
}

type Listener = (exit: ContainerExit) => void;

/** Shared by the fake runtimes of one test: the containers, which outlive the runtime objects. */
export class FakeMachine {
  readonly containers = new Map<string, FakeContainer>();
  /** How often each image was replaced. */
  readonly #rebuilt = new Map<string, number>();
  readonly #watches = new Set<{ readonly cluster: string; readonly tell: Listener }>();

  /** Ends a container from outside, as a crash or a kill would. */
  end(worker: string, how: Partial<Omit<ContainerExit, 'worker'>> = {}): void {
    const container = this.containers.get(worker);
    if (!container?.running) return;
    container.running = false;
    const exit = { worker, reason: 'killed by SIGKILL', outOfMemory: false, lastLines: [], ...how };
    for (const { cluster, tell } of this.#watches) if (cluster === container.cluster) tell(exit);
  }

  /** Replaces the image that a name refers to. */
  rebuild(image: string): void {
    this.#rebuilt.set(image, this.#times(image) + 1);
  }

  /** The image that a name refers to. */
  releaseOf(image: string): string {
    return `${image}#${String(this.#times(image))}`;
  }

  #times(image: string): number {
    return this.#rebuilt.get(image) ?? 0;
  }

  /** Reports the cluster's containers that end; the returned function unsubscribes. */
  watch(cluster: string, tell: Listener): () => void {
    const watch = { cluster, tell };
    this.#watches.add(watch);
    return () => this.#watches.delete(watch);
  }
}

/** How a fake runtime deviates from normal. */
export interface FakeContainerRuntimeOptions {
  readonly cluster?: string;
  readonly machine?: FakeMachine;
  /** Images that are not available. */
  readonly missing?: readonly string[];
  /** Called at each start that creates a container: may throw, and may end it through the machine later. */
  readonly onStart?: (spec: ContainerSpec) => void;
}

/** A container runtime without containers; passes the same contract suite as the real ones. */
export class FakeContainerRuntime implements ContainerRuntime {
  readonly kind = 'process';
  readonly workerSocketDir = '/run/remuda';
  readonly isolated = false;
  readonly reachesRedis = 'directly';
  readonly machine: FakeMachine;
  /** Every spec that a container was started with, in order. */
  readonly started: ContainerSpec[] = [];
  readonly #cluster: string;
  readonly #watches = new Set<() => void>();

  constructor(private readonly options: FakeContainerRuntimeOptions = {}) {
    this.#cluster = options.cluster ?? 'test';
    this.machine = options.machine ?? new FakeMachine();
  }

  async engineName(): Promise<string> {
    return Promise.resolve('fake');
  }

  async prepare(images: readonly string[]): Promise<void> {
    await Promise.resolve();
    for (const image of images) this.#need(image);
  }

  async releaseOf(image: string): Promise<string> {
    await Promise.resolve();
    this.#need(image);
    return this.machine.releaseOf(image);
  }

  async start(spec: ContainerSpec): Promise<void> {
    await Promise.resolve();
    this.#need(spec.image);
    if (this.#own(spec.worker)?.running) return;
    this.options.onStart?.(spec);
    this.started.push(spec);
    this.machine.containers.set(spec.worker, { cluster: this.#cluster, spec, running: true });
  }

  async stop(worker: string): Promise<void> {
    await Promise.resolve();
    if (this.#own(worker) !== undefined) this.machine.containers.delete(worker);
  }

  async list(): Promise<readonly SeenContainer[]> {
    await Promise.resolve();
    const own = [...this.machine.containers.values()].filter(({ cluster }) => cluster === this.#cluster);
    return own.map(({ spec: { worker, profile, fingerprint }, running }) => ({
      worker,
      profile,
      fingerprint,
      running,
    }));
  }

  async watch(onExit: (exit: ContainerExit) => void): Promise<() => Promise<void>> {
    await Promise.resolve();
    const end = this.machine.watch(this.#cluster, onExit);
    this.#watches.add(end);
    return async () => {
      await Promise.resolve();
      end();
    };
  }

  async close(): Promise<void> {
    await Promise.resolve();
    for (const end of this.#watches) end();
  }

  #own(worker: string): FakeContainer | undefined {
    const container = this.machine.containers.get(worker);
    return container?.cluster === this.#cluster ? container : undefined;
  }

  #need(image: string): void {
    if (this.options.missing?.includes(image))
      throw new RemudaError('container.start_failed', `The image ${image} is missing.`);
  }
}
