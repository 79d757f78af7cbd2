import type { ContainerExit, ContainerRuntime, ContainerSpec, SeenContainer } from '@remuda/domain';
import Docker from 'dockerode';
import { InTurn } from '../in-turn.js';
import type { RuntimeLog } from '../runtime-log.js';
import { said, startFailed } from '../start-failed.js';
import { ContainerClient } from './container-client.js';
import { containerOptions } from './container-options.js';
import { engineAddress, type DockerConnection } from './engine-address.js';
import { EventClient } from './event-client.js';
import { ExitWatch } from './exit-watch.js';
import { ImageClient } from './image-client.js';
import { containerName, label } from './labels.js';
import { workerLayout } from '../worker-layout.js';

/** Options of a Docker runtime. */
export interface DockerRuntimeOptions {
  /** Value of the cluster label: only containers with it are seen and touched. */
  readonly cluster: string;
  /** The folder with a worker's sockets, as a path on the engine's host; that worker mounts only its own, read-only. */
  readonly socketDirOf: (worker: string) => string;
  /** Default: `DOCKER_HOST`, otherwise the engine's usual socket. */
  readonly docker?: DockerConnection;
  readonly log: RuntimeLog;
}

/** Workers as containers of a Docker engine. Exits caused by another runtime object's `stop` are reported. */
export class DockerRuntime implements ContainerRuntime {
  readonly kind = 'docker';
  readonly isolated = true;
  readonly workerSocketDir = workerLayout.sockets;
  /** It has no network. */
  readonly reachesRedis = 'by-bridge';
  readonly #docker: Docker;
  readonly #containers: ContainerClient;
  readonly #images: ImageClient;
  readonly #inTurn = new InTurn();
  readonly #watches = new Set<ExitWatch>();

  constructor(private readonly options: DockerRuntimeOptions) {
    this.#docker = new Docker(options.docker);
    this.#containers = new ContainerClient(this.#docker, options.log);
    this.#images = new ImageClient(this.#docker, options.log);
  }

  async engineName(): Promise<string> {
    try {
      const { ID, Name } = (await this.#docker.info()) as { readonly ID?: string; readonly Name?: string };
      return `docker:${ID || Name || ''}`;
    } catch (error) {
      throw startFailed(`The Docker engine does not say which one it is: ${said(error)}`, error);
    }
  }

  async cores(): Promise<number | undefined> {
    const { NCPU } = (await this.#docker.info().catch(() => ({}))) as { readonly NCPU?: number };
    return NCPU !== undefined && NCPU > 0 ? NCPU : undefined;
  }

  async prepare(images: readonly string[]): Promise<void> {
    try {
      await this.#docker.ping();
    } catch (error) {
      const tried = engineAddress(this.#docker, this.options.docker);
      throw startFailed(
        `No Docker engine answers at ${tried}: ${said(error)}. Is it running, and may this user access it?`,
        error,
      );
    }
    for (const image of new Set(images)) await this.#images.ensure(image);
  }

  /** The id of the image that the name refers to: it changes with the content, whatever the name. */
  releaseOf(image: string): Promise<string> {
    return this.#images.idOf(image);
  }

  start(spec: ContainerSpec): Promise<void> {
    return this.#inTurn.run(spec.worker, async () => {
      const { cluster, socketDirOf } = this.options;
      const options = containerOptions(spec, { cluster, socketDir: socketDirOf(spec.worker) });
      if ((await this.#containers.create(options)) === 'taken') {
        if (await this.#clearName(options.name)) await this.#containers.create(options);
      }
      try {
        await this.#containers.start(options.name);
      } catch (error) {
        // if it cannot be removed either, it stays in the list, and is reaped
        await this.#containers.remove(options.name).catch(() => undefined);
        throw error;
      }
      this.options.log.info({ worker: spec.worker, profile: spec.profile, image: spec.image }, 'started a container');
    });
  }

  /** Whether the name is free now: an ended container is removed, a running or starting one is left. */
  async #clearName(name: string): Promise<boolean> {
    const found = await this.#containers.inspect(name);
    if (found === undefined) return true;
    if (found.labels[label.cluster] !== this.options.cluster)
      throw startFailed(`The container ${name} exists but does not belong to the cluster ${this.options.cluster}.`);
    if (found.status !== 'exited' && found.status !== 'dead') return false;
    await this.#containers.remove(found.id);
    return true;
  }

  stop(worker: string, graceMs: number): Promise<void> {
    return this.#inTurn.run(worker, async () => {
      const found = await this.#containers.inspect(containerName(worker));
      if (found === undefined || found.labels[label.cluster] !== this.options.cluster) return;
      for (const watch of this.#watches) watch.letGo(found.id, worker);
      if (found.status === 'running' && graceMs > 0) {
        await this.#containers.signal(found.id, 'SIGTERM');
        await this.#containers.waitUntilStopped(found.id, graceMs);
      }
      await this.#containers.remove(found.id);
      this.options.log.info({ worker }, 'stopped a container');
    });
  }

  async list(): Promise<readonly SeenContainer[]> {
    const found = await this.#containers.list(this.options.cluster);
    return found.map(({ labels, status }) => ({
      worker: labels[label.worker] ?? '',
      profile: labels[label.profile] ?? '',
      fingerprint: labels[label.fingerprint] ?? '',
      running: status === 'running',
    }));
  }

  async watch(onExit: (exit: ContainerExit) => void): Promise<() => Promise<void>> {
    const { cluster, log } = this.options;
    const watch = new ExitWatch({
      cluster,
      log,
      onExit,
      containers: this.#containers,
      events: new EventClient(this.#docker),
    });
    this.#watches.add(watch);
    const end = async (): Promise<void> => {
      this.#watches.delete(watch);
      await watch.close();
    };
    try {
      await watch.open();
    } catch (error) {
      await end();
      throw error;
    }
    return end;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#watches].map((watch) => watch.close()));
    this.#watches.clear();
  }
}
