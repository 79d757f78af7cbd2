import { RemudaError, type ContainerExit, type ContainerRuntime, type ContainerSpec } from '@remuda/domain';
import type { Program, World } from '../world/world.js';

/** Starts a worker's program; its end is the end of its container. */
export type StartWorker = (spec: ContainerSpec) => Program;

interface Container {
  /** Names the engine that it's on. */
  readonly engine: string;
  readonly spec: ContainerSpec;
  program: Program | undefined;
  running: boolean;
}

/** How containers fare at the moment: probabilities, and how long they take. */
export interface ContainerWeather {
  startFails: number;
  stopFails: number;
  exitUnheard: number;
  /** Longest time until the worker in a container that was started begins, in ms. */
  beginMs: number;
}

/** The container engines of a run, which outlive every scheduler. Of two, each knows nothing of the other's containers. */
export class Containers {
  readonly weather: ContainerWeather = { startFails: 0, stopFails: 0, exitUnheard: 0, beginMs: 200 };
  readonly #containers = new Map<string, Container>();
  readonly #watchers = new Map<Program, { readonly engine: string; readonly onExit: (exit: ContainerExit) => void }>();

  constructor(
    private readonly world: World,
    private readonly startWorker: StartWorker,
    /** Called whenever one more runs; `running` counts those of its profile. */
    private readonly onStart: (profile: string, running: number) => void,
    /** Whether there is a record of a worker. */
    private readonly isKnown: (worker: string) => boolean,
  ) {}

  /** An engine as one scheduler sees it. */
  runtimeOf(program: Program, engine: string): ContainerRuntime {
    return {
      kind: 'docker',
      isolated: true,
      reachesRedis: 'by-bridge',
      workerSocketDir: '/run/remuda',
      engineName: () => Promise.resolve(engine),
      prepare: () => Promise.resolve(),
      releaseOf: (image) => Promise.resolve(image),
      start: (spec) => this.#asked(program, () => this.#start(spec, engine)),
      stop: (worker) => this.#asked(program, () => this.#stop(worker, engine)),
      list: () =>
        this.#asked(program, () =>
          [...this.#containers.values()].filter(isOn(engine)).map(({ spec, running }) => ({
            worker: spec.worker,
            profile: spec.profile,
            fingerprint: spec.fingerprint,
            running,
          })),
        ),
      watch: (onExit) => {
        this.#watchers.set(program, { engine, onExit });
        program.onDeath.push(() => this.#watchers.delete(program));
        return Promise.resolve(() => {
          this.#watchers.delete(program);
          return Promise.resolve();
        });
      },
      close: () => Promise.resolve(),
    };
  }

  /** The programs that run in containers. */
  programs(): readonly Program[] {
    return [...this.#containers.values()].flatMap(({ program, running }) => (program && running ? [program] : []));
  }

  /** A request travels to the engine and its answer back. */
  #asked<T>(program: Program, act: () => T): Promise<T> {
    const { world } = this;
    return new Promise((resolve, reject) => {
      world.after(world.random.between(1, 10), undefined, () => {
        try {
          const answer = act();
          world.after(world.random.between(1, 10), program, () => resolve(answer));
        } catch (error) {
          world.after(1, program, () => reject(error instanceof Error ? error : new Error(String(error))));
        }
      });
    });
  }

  #start(spec: ContainerSpec, engine: string): void {
    if (this.#containers.has(spec.worker)) return;
    if (this.world.random.chance(this.weather.startFails))
      throw new RemudaError('container.start_failed', 'The image is not there.');
    const container: Container = { engine, spec, program: undefined, running: true };
    this.#containers.set(spec.worker, container);
    // One that could not be removed, since nobody sees its engine any more, is left out of the count that its worker was in.
    const counts = ({ engine: on, spec: { worker } }: Container): boolean => on === engine || this.isKnown(worker);
    const running = [...this.#containers.values()].filter((each) => each.running && counts(each));
    this.onStart(spec.profile, running.filter((each) => each.spec.profile === spec.profile).length);
    this.world.after(this.world.random.between(20, this.weather.beginMs), undefined, () => {
      if (!container.running) return;
      container.program = this.startWorker(spec);
      container.program.onDeath.push(() => this.#ended(container));
    });
  }

  #stop(worker: string, engine: string): void {
    if (this.world.random.chance(this.weather.stopFails)) throw new Error('the engine did not answer');
    const container = this.#containers.get(worker);
    if (container && !isOn(engine)(container)) return;
    this.#containers.delete(worker);
    if (!container) return;
    container.running = false;
    if (container.program) this.world.kill(container.program);
  }

  #ended(container: Container): void {
    if (!container.running) return;
    container.running = false;
    const exit = { worker: container.spec.worker, reason: 'it ended', outOfMemory: false, lastLines: [] };
    for (const [program, { engine, onExit }] of this.#watchers)
      if (isOn(engine)(container) && !this.world.random.chance(this.weather.exitUnheard))
        this.world.after(this.world.random.between(1, 50), program, () => {
          this.world.tell?.(`${program.name} hears that ${exit.worker} ended`);
          onExit(exit);
        });
  }
}

const isOn =
  (name: string) =>
  ({ engine }: Container): boolean =>
    engine === name;
